/* A cost model in C: what a vendor has measured of its devices, as a small table; everything else
 * is left to the built-in roofline model.
 *
 *   allot model.onnx --load-plugin=./measured_rates.so --cost-model='measured-rates{percent=90}' */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allot/api/cost_model_plugin.h"

/* What is reached of a device's peak, in percent. */
static const struct {
  const char* kind;
  const char* op_type;
  int64_t percent;
} kRates[] = {
    {"gpu", "Conv", 71},
    {"gpu", "MatMul", 64},
    {"cpu", "Conv", 55},
    {"cpu", "MatMul", 68},
};

/* The options; belongs to one run. */
typedef struct Model {
  int64_t percent; /* of the table's rates */
} Model;

static void* Create(const char* options, char* error, size_t error_size) {
  Model* const model = malloc(sizeof *model);
  if (model == NULL) {
    snprintf(error, error_size, "out of memory");
    return NULL;
  }
  model->percent = 100;
  if (*options != 0) {
    char* end = NULL;
    const int named = strncmp(options, "percent=", 8) == 0;
    if (named) model->percent = strtol(options + 8, &end, 10);
    if (!named || *end != 0 || model->percent < 1 || model->percent > 100) {
      snprintf(error, error_size, "expected percent=1 to 100, not '%s'", options);
      free(model);
      return NULL;
    }
  }
  return model;
}

static void Destroy(void* model) { free(model); }

/* Integers only, so that plans are the same on every machine; and no state, because it may be
 * called on several threads at once. */
static int Estimate(void* model, const AllotOp* op, const AllotDevice* device, int64_t* picoseconds,
                    char* error, size_t error_size) {
  const Model* const self = model;
  for (size_t i = 0; i < sizeof kRates / sizeof *kRates; ++i) {
    if (strcmp(kRates[i].kind, device->kind) != 0) continue;
    if (strcmp(kRates[i].op_type, op->op_type) != 0 || *op->domain != 0) continue;
    if (device->peak_flops <= 0) {
      snprintf(error, error_size, "the target does not say the peak for %s", op->dtype);
      return ALLOT_COST_ERROR;
    }
    /* FLOP per nanosecond that are reached; a device below that counts as 1. */
    int64_t rate = device->peak_flops / 1000000000 * kRates[i].percent / 100 * self->percent / 100;
    if (rate < 1) rate = 1;
    if (op->flops / rate >= ALLOT_COST_MAX_PICOSECONDS / 1000) {
      *picoseconds = ALLOT_COST_MAX_PICOSECONDS;
    } else {
      *picoseconds = op->flops / rate * 1000 + op->flops % rate * 1000 / rate;
    }
    if (*picoseconds <= ALLOT_COST_MAX_PICOSECONDS - device->op_picoseconds) {
      *picoseconds += device->op_picoseconds;
    }
    return ALLOT_COST_OK;
  }
  return ALLOT_COST_UNKNOWN;
}

const AllotCostModelPlugin* allotGetCostModelPlugin(void) {
  /* In the order of the header; C99 may name the members. */
  static const AllotCostModelPlugin plugin = {
      .abi = ALLOT_COST_MODEL_ABI,
      .size = sizeof(AllotCostModelPlugin),
      .name = "measured-rates",
      .version = "1.0",
      .description = "rates that were measured; option: percent=1 to 100 of them",
      .create = Create,
      .destroy = Destroy,
      .estimate = Estimate,
      .estimate_fused = NULL, /* the sum */
  };
  return &plugin;
}
