/* A cost model that answers as its options say: "time=N", "unknown", "error", "silent", "code=N",
 * "only=OP_TYPE" (N is 1000, others unknown), "fused=N". Without options it cannot be made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cost_model_plugin.h"

static void* Create(const char* options, char* error, size_t error_size) {
  if (*options == 0) {
    snprintf(error, error_size, "needs options, such as time=5");
    return NULL;
  }
  char* const model = malloc(strlen(options) + 1);
  if (model != NULL) strcpy(model, options);
  return model;
}

static void Destroy(void* model) { free(model); }

static int Estimate(void* model, const AllotOp* op, const AllotDevice* device, int64_t* picoseconds,
                    char* error, size_t error_size) {
  const char* const options = model;
  if (op->size < sizeof *op || device->size < sizeof *device) return ALLOT_COST_ERROR;
  if (strncmp(options, "time=", 5) == 0) {
    *picoseconds = strtoll(options + 5, NULL, 10);
    return ALLOT_COST_OK;
  }
  if (strcmp(options, "error") == 0) {
    snprintf(error, error_size, "no table for %s in %s on a %s", op->op_type, op->dtype,
             device->kind);
    return ALLOT_COST_ERROR;
  }
  if (strcmp(options, "endless") == 0) {
    memset(error, 'x', error_size);
    return ALLOT_COST_ERROR;
  }
  if (strcmp(options, "silent") == 0) return ALLOT_COST_ERROR;
  if (strncmp(options, "code=", 5) == 0) return atoi(options + 5);
  if (strncmp(options, "only=", 5) == 0 && strcmp(options + 5, op->op_type) == 0) {
    *picoseconds = 1000;
    return ALLOT_COST_OK;
  }
  return ALLOT_COST_UNKNOWN;
}

static int EstimateFused(void* model, const AllotOp* const* ops, size_t num_ops,
                         const AllotOp* whole, const AllotDevice* device, int64_t* picoseconds,
                         char* error, size_t error_size) {
  const char* const options = model;
  (void)whole, (void)device, (void)error, (void)error_size;
  if (strncmp(options, "fused=", 6) != 0) return ALLOT_COST_UNKNOWN;
  *picoseconds = strtoll(options + 6, NULL, 10);
  for (size_t i = 0; i < num_ops; ++i) *picoseconds += ops[i]->flops;
  return ALLOT_COST_OK;
}

const AllotCostModelPlugin* allotGetCostModelPlugin(void) {
  static const AllotCostModelPlugin plugin = {
      ALLOT_COST_MODEL_ABI,
      sizeof(AllotCostModelPlugin),
      "told",
      "0.3",
      "answers as its options say",
      Create,
      Destroy,
      Estimate,
      EstimateFused,
  };
  return &plugin;
}
