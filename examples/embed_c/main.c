/* Places a model from C and prints where each node goes.
 * usage: place MODEL.onnx TARGET */
#include <inttypes.h>
#include <stdio.h>

#include "allot/allot.h"
#ifdef WITH_MILP
#include "allot/allot_milp.h"
#endif

/* Prints what went wrong, if anything, and says whether it did. */
static int failed(allot_status* status) {
  if (status == NULL) return 0;
  fprintf(stderr, "error: %s\n", allot_status_message(status));
  allot_status_free(status);
  return 1;
}

static int place(const char* model, const char* target, allot_options* options) {
  allot_plan* plan = NULL;
  if (failed(allot_options_set(options, "target", target))) return 1;
#ifdef WITH_MILP
  if (failed(allot_options_add_milp(options))) return 1;
  if (failed(allot_options_set(options, "solver", "milp"))) return 1;
#endif
  if (failed(allot_compile(options, model, &plan))) return 1;
  for (int64_t i = 0; i < allot_plan_num_diagnostics(plan); ++i) {
    fprintf(stderr, "%s\n", allot_plan_diagnostic(plan, i));
  }
  for (int64_t i = 0; i < allot_plan_num_nodes(plan); ++i) {
    const int64_t device = allot_plan_node_device(plan, i);
    printf("%s: %s\n", allot_plan_node_name(plan, i),
           device < 0 ? "wherever it is used" : allot_plan_device_name(plan, device));
  }
  printf("%.3f us, and no plan is faster than %.3f us\n", (double)allot_plan_value_ps(plan) * 1e-6,
         (double)allot_plan_bound_ps(plan) * 1e-6);
  allot_plan_free(plan);
  return 0;
}

int main(int argc, char** argv) {
  allot_options* options = NULL;
  if (argc != 3) {
    fprintf(stderr, "usage: place MODEL.onnx TARGET\n");
    return 1;
  }
  if (failed(allot_options_create(&options))) return 1;
  const int status = place(argv[1], argv[2], options);
  allot_options_free(options);
  return status;
}
