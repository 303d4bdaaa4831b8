/* A cost model in plain C: what a vendor or a measuring tool has to say of operators, without a
 * C++ compiler or any library of Allot. The interface is stable: a library built once works with
 * every later Allot of the same ALLOT_COST_MODEL_ABI, with any compiler.
 *
 * The library exports allotGetCostModelPlugin(); users load it with --load-plugin=LIB.so and ask
 * for it with --cost-model=NAME or --cost-model='NAME{options}'. See docs/plugins.md.
 *
 * Strings are UTF-8, zero-terminated, never NULL unless it says so, and belong to whoever passes
 * them: copy what must last longer than the call. Nothing may throw or longjmp out of a call. */
#ifndef ALLOT_COST_MODEL_PLUGIN_H_
#define ALLOT_COST_MODEL_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised if a member changes its meaning; new members only raise the sizes below. */
#define ALLOT_COST_MODEL_ABI 1u

/* The longest time that counts as one, in picoseconds: about 9.2 s. */
#define ALLOT_COST_MAX_PICOSECONDS INT64_C(9223372036854)

/* One operator of a model. Counts are never negative. */
typedef struct AllotOp {
  size_t size;           /* of this struct; a member at or beyond it is not there */
  const char* name;      /* the node's name, or one made for it */
  const char* op_type;   /* "Conv" */
  const char* domain;    /* "" is ai.onnx */
  const char* dtype;     /* the type that its arithmetic runs in: "float32", "int8", ... */
  const char* family;    /* matrix, elementwise, reduction, movement, control, none or other */
  int64_t flops;         /* a multiply-add counts 2 */
  int64_t bytes_read;    /* activations, each operand once */
  int64_t bytes_written; /* results */
  int64_t bytes_weights; /* constants, whole; they stay on the device */
  int64_t launches;      /* kernels that it takes: more than 1 if it has bodies */
  int64_t is_shape_work; /* 1: computes with shapes, a few integers; else 0 */
} AllotOp;

/* One device of the machine, as its description says (docs/target.md). 0: not stated. */
typedef struct AllotDevice {
  size_t size;              /* of this struct, likewise */
  const char* name;         /* "gpu0" */
  const char* kind;         /* "cpu", "gpu", "npu" or another word */
  const char* provider;     /* of its runtime: "cuda"; may be "" */
  int64_t memory_bytes;     /* for weights and activations */
  int64_t peak_flops;       /* per second, for the dtype of the op that is asked about */
  int64_t memory_bandwidth; /* bytes per second */
  int64_t part_picoseconds; /* what launching a part costs; not to be counted by the model */
  int64_t op_picoseconds;   /* what launching a kernel costs; to be counted by the model */
} AllotDevice;

/* What an estimate returns. */
enum {
  ALLOT_COST_OK = 0,      /* *picoseconds is the time */
  ALLOT_COST_UNKNOWN = 1, /* the built-in roofline model is asked instead */
  ALLOT_COST_ERROR = 2    /* `error` says why; ends the run */
};

/* A model is made for a run. Estimates may be asked for in any order, any number of times, and
 * on several threads at once; the same question must get the same answer, on every machine: use
 * integers, and read no clocks. Only devices that can run an operator are asked about. */
typedef struct AllotCostModelPlugin {
  uint32_t abi;  /* ALLOT_COST_MODEL_ABI */
  uint32_t size; /* sizeof(AllotCostModelPlugin) */
  /* Letters, digits, '-', '_' and '.'; unlike the names of all other cost models. */
  const char* name;
  const char* version;     /* of the library's own, in any form */
  const char* description; /* one sentence, for listings */

  /* A model for the text between the braces of NAME{options}, "" if there is none. The model is
   * passed to the other functions and means nothing else; it may be any pointer but NULL, which is
   * an error: write why to `error`, with its final zero at most error_size bytes. */
  void* (*create)(const char* options, char* error, size_t error_size);
  /* Called once for each model, last. */
  void (*destroy)(void* model);
  /* The time of `op` on `device` without the cost of launching a part, from 0 to
   * ALLOT_COST_MAX_PICOSECONDS. */
  int (*estimate)(void* model, const AllotOp* op, const AllotDevice* device, int64_t* picoseconds,
                  char* error, size_t error_size);
  /* The time of several operators that a runtime runs as one kernel. `whole` sums them up: what
   * lives only inside the kernel is neither read nor written. NULL, or ALLOT_COST_UNKNOWN: the sum
   * of their estimates; if they are all unknown, the roofline model's time of the kernel. */
  int (*estimate_fused)(void* model, const AllotOp* const* ops, size_t num_ops,
                        const AllotOp* whole, const AllotDevice* device, int64_t* picoseconds,
                        char* error, size_t error_size);
} AllotCostModelPlugin;

#if defined(__GNUC__)
#define ALLOT_COST_MODEL_EXPORT __attribute__((visibility("default")))
#else
#define ALLOT_COST_MODEL_EXPORT
#endif

/* What the library defines. The struct and all it points to live as long as the library. */
ALLOT_COST_MODEL_EXPORT const AllotCostModelPlugin* allotGetCostModelPlugin(void);

#ifdef __cplusplus
}
#endif

#endif /* ALLOT_COST_MODEL_PLUGIN_H_ */
