/* What liballot_milp adds to the C interface of Allot: GLPK's solver. Unlike Allot itself, a
 * program that links this library is under the terms of the GPL, version 3. */
#ifndef ALLOT_ALLOT_MILP_H_
#define ALLOT_ALLOT_MILP_H_

#include "api/allot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Compilations with these options know the solver "milp", and the default solver may ask it. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_options_add_milp(allot_options* options);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ALLOT_ALLOT_MILP_H_ */
