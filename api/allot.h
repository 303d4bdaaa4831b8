/* The C interface of Allot: where an ONNX model runs on a machine of unlike devices, from any
 * language. docs/embedding.md is the tutorial.
 *
 * Nothing here throws, prints, or ends the process because of an input or a wrong call.
 *
 * Handles. A handle is a number in disguise, never an address: one that was freed, that is of
 * another kind or that never was is recognized and refused. A handle may be used by several threads
 * at once, and freed while others use it; only text that was read from it must not be in use.
 *
 * Errors. A call that can fail returns a status: NULL when all went well, else a handle with code
 * and message that the caller frees. Calls that read one thing return it, and -1 or NULL when the
 * handle is not live or the index is out of range.
 *
 * Text ends with a zero byte, belongs to the handle it was read from and lives as long. It is
 * UTF-8, but for names out of a model that breaks this rule of ONNX; allot_plan_json() is UTF-8
 * always. Times are picoseconds and sizes are bytes, both int64_t. Indices count from 0.
 *
 * What is declared here keeps its meaning while ALLOT_ABI_VERSION stays what it is; calls and codes
 * may be added. */
#ifndef ALLOT_ALLOT_H_
#define ALLOT_ALLOT_H_

#include <stddef.h>
#include <stdint.h>

#define ALLOT_ABI_VERSION 0

#if defined(__GNUC__)
#define ALLOT_EXPORT __attribute__((visibility("default")))
#define ALLOT_MUST_USE __attribute__((warn_unused_result))
#else
#define ALLOT_EXPORT
#define ALLOT_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct allot_status allot_status;
typedef struct allot_options allot_options;
typedef struct allot_model allot_model;   /* a model read and ready to be placed; never changes */
typedef struct allot_plan allot_plan;     /* a model placed on a machine; never changes */
typedef struct allot_target allot_target; /* a machine; never changes */

/* "0.1.0" */
ALLOT_EXPORT const char* allot_version(void);
/* ALLOT_ABI_VERSION of the library that runs, to compare with the one compiled against. */
ALLOT_EXPORT int32_t allot_abi_version(void);

/* ---- status ---- */

typedef int32_t allot_code;
#define ALLOT_OK 0
#define ALLOT_INVALID_INPUT 1  /* a model, a file, an option: the message says what and where */
#define ALLOT_INVALID_HANDLE 2 /* freed, of another kind, or never a handle */
#define ALLOT_NULL_ARGUMENT 3
#define ALLOT_OUT_OF_MEMORY 4
#define ALLOT_INTERNAL_ERROR 5 /* a bug of Allot */

/* ALLOT_OK for NULL. */
ALLOT_EXPORT allot_code allot_status_code(const allot_status* status);
/* One line, lower case; "" for NULL. */
ALLOT_EXPORT const char* allot_status_message(const allot_status* status);
/* All that was found before the failure, the error itself included where it was one of several. */
ALLOT_EXPORT int64_t allot_status_num_diagnostics(const allot_status* status);
ALLOT_EXPORT int32_t allot_status_diagnostic_severity(const allot_status* status, int64_t index);
ALLOT_EXPORT const char* allot_status_diagnostic(const allot_status* status, int64_t index);
/* Every ..._free() takes NULL, and returns ALLOT_OK or ALLOT_INVALID_HANDLE. */
ALLOT_EXPORT allot_code allot_status_free(allot_status* status);

/* ---- options ---- */

ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_options_create(allot_options** options);
ALLOT_EXPORT allot_code allot_options_free(allot_options* options);

/* Sets one option. Names, values and defaults are those of the program's flags (`allot --help`):
 *
 *   target        a file, a built-in machine, or "host": this machine (the default)
 *   target-json   the text of a target file; overrides target
 *   objective     latency | throughput
 *   dim           NAME=SIZE, size of a symbolic dimension; adds to those set before
 *   default-dim   size of every other open dimension
 *   set           NAME=VALUE, an input that has one value for ever; adds
 *   pin, forbid   REGEX=DEVICE, a rule for nodes; adds
 *   together      REGEX, nodes that run on one device; adds
 *   start         a plan to improve on: an output folder or a plan.json
 *   contiguous    true | false
 *   max-parts     parts of the plan, at most; 0: any number
 *   cost-model    how operators are costed
 *   costs         a file of measured times; adds
 *   solver        of the default pipeline
 *   work          limit of the search; 0: the default. The same work gives the same plan.
 *   seed          of the random choices
 *   threads       1 to 256; never changes the plan
 *   pass-pipeline passes to run instead of the default ones
 *   strict-shapes true | false
 *   load-plugin   a shared library of passes, solvers, cost models, outputs or operators; adds.
 *                 Its code runs.
 *   external-data reference | embed, for allot_plan_write()
 *   emit-ir-version keep | 11, likewise
 *   force         true | false, likewise: replace files that Allot did not write as they are
 *
 * What only the model or the machine can tell to be wrong is told by allot_compile(). */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_options_set(allot_options* options,
                                                            const char* name, const char* value);
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_options_set_integer(allot_options* options,
                                                                    const char* name,
                                                                    int64_t value);

/* ---- machines ---- */

/* The machine that the option "target" of this value means: a file, a built-in name, or "host".
 * *target is NULL after a failure; all errors of a file are among the status's diagnostics. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_target_load(const char* target_name,
                                                            allot_target** target);
/* The machine of the text of a target file. `name` (may be NULL) stands for the path in messages.
 */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_target_parse(const char* json, const char* name,
                                                             allot_target** target);
/* The canonical text, which "target-json" takes: defaults left out, quantities in their shortest
 * exact form. */
ALLOT_EXPORT const char* allot_target_json(const allot_target* target);
ALLOT_EXPORT allot_code allot_target_free(allot_target* target);
/* The built-in machines but for "host", by name. */
ALLOT_EXPORT int64_t allot_num_builtin_targets(void);
/* Lives as long as the process; NULL when the index is out of range. */
ALLOT_EXPORT const char* allot_builtin_target(int64_t index);

/* ---- compiling ---- */

/* Places the model of a file. `options` may be NULL (the defaults), and may be used, changed and
 * freed while others compile with it: a compilation works on what was set when it began.
 * *plan is NULL after a failure. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_compile(const allot_options* options,
                                                        const char* model_path, allot_plan** plan);
/* The same for the bytes of a model, which are copied as far as they are needed later. `name` (may
 * be NULL) stands for the path in messages. External data is looked for in the current folder. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_compile_memory(const allot_options* options,
                                                               const void* bytes, size_t size,
                                                               const char* name, allot_plan** plan);

/* Reads a model once, to be placed any number of times: on other machines, for other sizes, on
 * several threads. Of the options only those count that are about the model: set, strict-shapes,
 * pass-pipeline and what was loaded. *model is NULL after a failure. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_prepare(const allot_options* options,
                                                        const char* model_path,
                                                        allot_model** model);
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_prepare_memory(const allot_options* options,
                                                               const void* bytes, size_t size,
                                                               const char* name,
                                                               allot_model** model);
/* Places a prepared model: the same plan as allot_compile() of its file with these options, which
 * must have the same set, strict-shapes and graph passes. The plan outlives the model. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_model_plan(const allot_model* model,
                                                           const allot_options* options,
                                                           allot_plan** plan);
/* Of the graph as it will be placed. */
ALLOT_EXPORT int64_t allot_model_num_nodes(const allot_model* model);
/* Notes and warnings of reading and preparing; a plan made of the model has only its own. */
ALLOT_EXPORT int64_t allot_model_num_diagnostics(const allot_model* model);
ALLOT_EXPORT int32_t allot_model_diagnostic_severity(const allot_model* model, int64_t index);
ALLOT_EXPORT const char* allot_model_diagnostic(const allot_model* model, int64_t index);
ALLOT_EXPORT allot_code allot_model_free(allot_model* model);

ALLOT_EXPORT allot_code allot_plan_free(allot_plan* plan);

/* Writes what `allot -o FOLDER --emit=EMIT` writes, whole or not at all. `emit` is a list with
 * commas, "parts,manifest"; NULL or "": all that is not made on request only. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_plan_write(const allot_plan* plan,
                                                           const char* folder, const char* emit);
/* The same, written as these options say (external-data, emit-ir-version, force) instead of those
 * that the plan was made with. NULL: the defaults. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_plan_write_as(const allot_plan* plan,
                                                              const allot_options* options,
                                                              const char* folder, const char* emit);
/* The whole plan as the text of plan.json (docs/outputs.md), made when first asked for. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_plan_json(const allot_plan* plan,
                                                          const char** json);
/* The text of the one file that an emitter writes, "report" (a page of HTML), "mlir", "trace",
 * "dot", "plan", made when first asked for. An error for emitters of several files, of none, or of
 * files that are copied from others. Nothing is written. */
ALLOT_EXPORT ALLOT_MUST_USE allot_status* allot_plan_text(const allot_plan* plan, const char* emit,
                                                          const char** text);

/* ---- reading a plan ---- */

#define ALLOT_LATENCY 0
#define ALLOT_THROUGHPUT 1
ALLOT_EXPORT int32_t allot_plan_objective(const allot_plan* plan);
/* Where placements take turns (lanes), value, bound and devices are those of all of them together;
 * nodes, parts and transfers are those of the first, and the plan as JSON lists the others. */
/* The time of one inference (latency) or the period of a steady stream (throughput), predicted. */
ALLOT_EXPORT int64_t allot_plan_value_ps(const allot_plan* plan);
/* No plan can be better: proven for this machine and these costs. Never above the value. */
ALLOT_EXPORT int64_t allot_plan_bound_ps(const allot_plan* plan);
/* value - bound; 0: the plan is proven to be optimal. */
ALLOT_EXPORT int64_t allot_plan_gap_ps(const allot_plan* plan);
ALLOT_EXPORT const char* allot_plan_solver(const allot_plan* plan);
ALLOT_EXPORT const char* allot_plan_bound_name(const allot_plan* plan);
/* The passes that were run, with every option written out. */
ALLOT_EXPORT const char* allot_plan_pipeline(const allot_plan* plan);

ALLOT_EXPORT int64_t allot_plan_num_devices(const allot_plan* plan);
ALLOT_EXPORT const char* allot_plan_device_name(const allot_plan* plan, int64_t device);
ALLOT_EXPORT const char* allot_plan_device_kind(const allot_plan* plan, int64_t device);
/* What the machine says that it has. */
ALLOT_EXPORT int64_t allot_plan_device_memory_bytes(const allot_plan* plan, int64_t device);
ALLOT_EXPORT int64_t allot_plan_device_busy_ps(const allot_plan* plan, int64_t device);
ALLOT_EXPORT int64_t allot_plan_device_resident_bytes(const allot_plan* plan, int64_t device);
ALLOT_EXPORT int64_t allot_plan_device_peak_bytes(const allot_plan* plan, int64_t device);

/* Nodes in the order of the graph that was placed. */
ALLOT_EXPORT int64_t allot_plan_num_nodes(const allot_plan* plan);
/* The node's name, or "Conv#12", its operator and its place in the file, if it has none. */
ALLOT_EXPORT const char* allot_plan_node_name(const allot_plan* plan, int64_t node);
ALLOT_EXPORT const char* allot_plan_node_operator(const allot_plan* plan, int64_t node);
/* -1 for a node (say, a constant) that is copied to wherever it is used; its part is -1 then too,
 * its times are 0 and its reason is "". */
ALLOT_EXPORT int64_t allot_plan_node_device(const allot_plan* plan, int64_t node);
ALLOT_EXPORT int64_t allot_plan_node_part(const allot_plan* plan, int64_t node);
ALLOT_EXPORT int64_t allot_plan_node_start_ps(const allot_plan* plan, int64_t node);
ALLOT_EXPORT int64_t allot_plan_node_end_ps(const allot_plan* plan, int64_t node);
ALLOT_EXPORT const char* allot_plan_node_reason(const allot_plan* plan, int64_t node);

/* Parts in launch order. */
ALLOT_EXPORT int64_t allot_plan_num_parts(const allot_plan* plan);
ALLOT_EXPORT int64_t allot_plan_part_device(const allot_plan* plan, int64_t part);
ALLOT_EXPORT int64_t allot_plan_part_start_ps(const allot_plan* plan, int64_t part);
ALLOT_EXPORT int64_t allot_plan_part_end_ps(const allot_plan* plan, int64_t part);
/* Of the weights that the part uses, each once. */
ALLOT_EXPORT int64_t allot_plan_part_weight_bytes(const allot_plan* plan, int64_t part);

/* Tensors that change device, by start. */
ALLOT_EXPORT int64_t allot_plan_num_transfers(const allot_plan* plan);
ALLOT_EXPORT const char* allot_plan_transfer_tensor(const allot_plan* plan, int64_t transfer);
ALLOT_EXPORT int64_t allot_plan_transfer_from(const allot_plan* plan, int64_t transfer);
ALLOT_EXPORT int64_t allot_plan_transfer_to(const allot_plan* plan, int64_t transfer);
ALLOT_EXPORT int64_t allot_plan_transfer_bytes(const allot_plan* plan, int64_t transfer);
ALLOT_EXPORT int64_t allot_plan_transfer_start_ps(const allot_plan* plan, int64_t transfer);
ALLOT_EXPORT int64_t allot_plan_transfer_end_ps(const allot_plan* plan, int64_t transfer);

/* Notes and warnings of the compilation. */
#define ALLOT_NOTE 0
#define ALLOT_WARNING 1
#define ALLOT_ERROR 2
ALLOT_EXPORT int64_t allot_plan_num_diagnostics(const allot_plan* plan);
ALLOT_EXPORT int32_t allot_plan_diagnostic_severity(const allot_plan* plan, int64_t index);
/* "where: warning: what" */
ALLOT_EXPORT const char* allot_plan_diagnostic(const allot_plan* plan, int64_t index);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ALLOT_ALLOT_H_ */
