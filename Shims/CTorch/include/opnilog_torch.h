#ifndef OPNILOG_TORCH_H
#define OPNILOG_TORCH_H

// The contract between Swift and libtorch. `libopnilog_torch.so` (sources in ../bridge) exports one function,
// which returns the table of all others; `opnilog_torch_open` (../loader.c) opens it and checks the table.
//
// Rules, the same for every function of the table:
// - it returns an `opnilog_torch_status` and on failure fills `error`, in the same call; nothing is kept per thread;
// - results go to `ret_…` parameters, written only on success;
// - argument and result structs begin with their size, set by the caller, so that fields can be added at their end;
// - all calls of a process are made on one thread (libtorch's thread settings and gradient mode belong to a thread).

#include <stddef.h>
#include <stdint.h>

// Clang's words for null; g++, which builds the bridge, does not know them.
#ifndef __clang__
#define _Nonnull
#define _Nullable
#endif

#define OPNILOG_TORCH_ABI_VERSION 6u

/// Positions of a log: `<CLS>` and at most 63 words.
#define OPNILOG_TORCH_LENGTH 64

typedef int32_t opnilog_torch_status;
enum {
    OPNILOG_TORCH_OK = 0,
    /// The caller broke the contract: a size, an index or a range.
    OPNILOG_TORCH_BAD_ARGUMENT = 1,
    /// The file is no model, or a damaged one.
    OPNILOG_TORCH_BAD_FILE = 2,
    /// The device is not there, or the libraries that drive it are not.
    OPNILOG_TORCH_NO_DEVICE = 3,
    /// Reading or writing failed in the operating system.
    OPNILOG_TORCH_IO = 4,
    /// libtorch threw.
    OPNILOG_TORCH_FAILED = 5,
    /// A loss, or a parameter that was to be written, was no finite number.
    OPNILOG_TORCH_NOT_FINITE = 6,
    /// NVIDIA's driver is not there, or does not start.
    OPNILOG_TORCH_NO_DRIVER = 7,
    /// libtorch was built without CUDA, or one of CUDA's libraries is not there.
    OPNILOG_TORCH_NO_CUDA = 8,
    /// The memory of the device or of the host does not suffice, of a batch not even for a log at a time.
    OPNILOG_TORCH_NO_MEMORY = 9,

    // Of the loader:
    OPNILOG_TORCH_NO_FILE = 16,
    OPNILOG_TORCH_NOT_A_BRIDGE = 17,
    OPNILOG_TORCH_OTHER_ABI = 18,
    OPNILOG_TORCH_NO_LIBTORCH = 19,
};

/// Text of a failure, UTF-8, always ended by a zero.
typedef struct opnilog_torch_error {
    char text[1024];
} opnilog_torch_error;

/// The text as a pointer (borrowed), because Swift sees a C array as a tuple.
static inline const char *_Nonnull opnilog_torch_error_text(const opnilog_torch_error *_Nonnull error) {
    return error->text;
}

/// Parameters, optimiser's state and device of one model.
typedef struct opnilog_torch_model opnilog_torch_model;

enum { OPNILOG_TORCH_CPU = 0, OPNILOG_TORCH_CUDA = 1 };
enum { OPNILOG_TORCH_FLOAT32 = 0, OPNILOG_TORCH_FLOAT64 = 1 };

/// Which of a parameter's tensors `read_tensor` copies.
enum {
    OPNILOG_TORCH_VALUE = 0,
    OPNILOG_TORCH_GRADIENT = 1,
    OPNILOG_TORCH_FIRST_MOMENT = 2,
    OPNILOG_TORCH_SECOND_MOMENT = 3,
};

typedef struct opnilog_torch_start_args {
    size_t size;
    /// libtorch's threads on a CPU, at least 1.
    int32_t threads;
    /// OPNILOG_TORCH_CUDA also opens libtorch_cuda.so, which must happen before libtorch first looks for a device.
    int32_t device;
} opnilog_torch_start_args;

typedef struct opnilog_torch_facts {
    size_t size;
    char torch_version[64];
    /// Instruction set that libtorch's kernels use on this CPU, e.g. "AVX2".
    char cpu_capability[64];
    /// On how many threads of libtorch's a loop of the bridge ran.
    int32_t threads;
    /// CUDA devices that libtorch can use; 0 unless `start` asked for CUDA.
    int32_t cuda_devices;
    /// Release of CUDA that libtorch was built for, e.g. "13.0"; empty for a CPU build.
    char cuda_version[16];
    /// The library of its matrix products on a CPU, e.g. "mkl".
    char blas[32];
} opnilog_torch_facts;

static inline const char *_Nonnull opnilog_torch_facts_version(const opnilog_torch_facts *_Nonnull facts) {
    return facts->torch_version;
}
static inline const char *_Nonnull opnilog_torch_facts_capability(const opnilog_torch_facts *_Nonnull facts) {
    return facts->cpu_capability;
}
static inline const char *_Nonnull opnilog_torch_facts_cuda_version(const opnilog_torch_facts *_Nonnull facts) {
    return facts->cuda_version;
}
static inline const char *_Nonnull opnilog_torch_facts_blas(const opnilog_torch_facts *_Nonnull facts) {
    return facts->blas;
}

/// A GPU as NVIDIA's driver tells it.
typedef struct opnilog_torch_device {
    size_t size;
    /// How many there are.
    int32_t count;
    /// Newest release of CUDA that the driver serves: 13000 is 13.0.
    int32_t cuda_version;
    /// Bytes.
    int64_t memory;
    char name[256];
} opnilog_torch_device;

static inline const char *_Nonnull opnilog_torch_device_name(const opnilog_torch_device *_Nonnull device) {
    return device->name;
}

typedef struct opnilog_torch_place {
    /// OPNILOG_TORCH_CPU or OPNILOG_TORCH_CUDA.
    int32_t device;
    /// Which CUDA device; 0 on a CPU.
    int32_t index;
    /// OPNILOG_TORCH_FLOAT32, or OPNILOG_TORCH_FLOAT64 (tests).
    int32_t type;
    /// libtorch's threads for this model, which its results hang on; 0 for what `start` was last called with.
    int32_t threads;
} opnilog_torch_place;

typedef struct opnilog_torch_create_args {
    size_t size;
    opnilog_torch_place place;
    /// Rows of the embedding and of the generator, 5 to 10,000.
    int64_t words;
    /// Initial values are a function of it alone.
    uint64_t seed;
    /// Not 0 (tests): computed by libtorch's operators alone on a CPU too, as on a GPU.
    int32_t composed;
    /// Masked variants that are computed at once; 0 for the device's default.
    int64_t most_variants;
} opnilog_torch_create_args;

/// What a model is read for.
enum {
    /// Its parameters alone.
    OPNILOG_TORCH_TO_SCORE = 0,
    /// To go on with its training to the bit: the optimiser's state must be there, and `seed` is the one that the model
    /// was created with (what is never trained is a function of it and goes into every file).
    OPNILOG_TORCH_TO_RESUME = 1,
    /// To begin another training with it: the optimiser's state is taken if it is there and fits, and words may be added,
    /// whose rows begin with the initial values of `seed`.
    OPNILOG_TORCH_TO_CONTINUE = 2,
};

typedef struct opnilog_torch_read_args {
    size_t size;
    opnilog_torch_place place;
    const char *_Nonnull path;
    int32_t purpose;
    uint64_t seed;
    /// To continue only: the words that the file has, else it is none (OPNILOG_TORCH_BAD_FILE).
    int64_t file_words;
    /// To continue only: the words that begin anew; the model has the file's words or `end_new`, whichever is more.
    int64_t first_new;
    int64_t end_new;
    /// To continue only, if not null: how many steps the optimiser's state has seen; 0 where it begins anew.
    int64_t *_Nullable ret_optimiser_steps;
} opnilog_torch_read_args;

typedef struct opnilog_torch_write_args {
    size_t size;
    /// Open for writing, at its start; stays the caller's.
    int32_t descriptor;
    /// `epoch` and `loss` of the file, as the original stores them.
    int64_t epoch;
    double loss;
    /// The settings that the optimiser's state in the file names.
    double learning_rate;
    double weight_decay;
} opnilog_torch_write_args;

/// Logs as token ids, borrowed for the call.
typedef struct opnilog_torch_batch {
    size_t size;
    /// [rows, 64], row-major; what stands after a row's length is not looked at.
    const int32_t *_Nonnull tokens;
    /// [rows], 2 to 64, with `<CLS>`.
    const int32_t *_Nonnull lengths;
    /// [rows], at least 1: how often the log occurs in the batch.
    const int32_t *_Nonnull multiplicities;
    int64_t rows;
} opnilog_torch_batch;

typedef struct opnilog_torch_step_args {
    size_t size;
    opnilog_torch_batch batch;
    double learning_rate;
    /// L2, added to the gradient as torch.optim.Adam does.
    double weight_decay;
    /// Share of activations dropped, 0 for none.
    double dropout;
    /// Share of context words shown as `<UNK>`, 0 for none.
    double unknown_share;
    /// Dropout and `<UNK>` are functions of (seed, step).
    uint64_t seed;
    uint64_t step;
    /// 0 computes loss and gradients only.
    int32_t apply;
    /// The gradient, as one vector of all parameters, is shortened to this length where it is longer; 0 leaves any.
    double gradient_norm_limit;
} opnilog_torch_step_args;

typedef struct opnilog_torch_loss {
    size_t size;
    /// Sum of multiplicity × cross-entropy (nats) over the masked variants.
    double sum;
    /// Sum of the multiplicities over the masked variants.
    double weight;
    /// The same sum over those variants whose true token has the highest logit, or is among the 50 highest
    /// (`evaluate` only, else 0).
    double first;
    double among_50;
    /// Masked variants computed: `rows` of the design.
    int64_t variants;
    /// How many are computed at once at most: halved, for good, when memory ran out.
    int64_t most_variants;
    /// How often that was, since the model was made.
    int64_t halvings;
} opnilog_torch_loss;

typedef struct opnilog_torch_tensor {
    size_t size;
    /// Name in the model file, borrowed for the life of the bridge.
    const char *_Nullable name;
    int32_t rank;
    int64_t shape[2];
} opnilog_torch_tensor;

typedef struct opnilog_torch_api {
    uint32_t abi_version;
    uint32_t size;

    /// Sets threads and determinism; before every other call, and again to change the threads or to add CUDA.
    opnilog_torch_status (*_Nonnull start)(
        const opnilog_torch_start_args *_Nonnull args, opnilog_torch_error *_Nonnull error);
    opnilog_torch_status (*_Nonnull facts)(
        opnilog_torch_facts *_Nonnull ret_facts, opnilog_torch_error *_Nonnull error);

    /// New reference in `ret_model`.
    opnilog_torch_status (*_Nonnull create)(
        const opnilog_torch_create_args *_Nonnull args, opnilog_torch_model *_Nullable *_Nonnull ret_model,
        opnilog_torch_error *_Nonnull error);
    /// New reference in `ret_model`: the model of a file.
    opnilog_torch_status (*_Nonnull read)(
        const opnilog_torch_read_args *_Nonnull args, opnilog_torch_model *_Nullable *_Nonnull ret_model,
        opnilog_torch_error *_Nonnull error);
    /// Writes the model file; OPNILOG_TORCH_NOT_FINITE if a parameter is no finite number.
    opnilog_torch_status (*_Nonnull write)(
        opnilog_torch_model *_Nonnull model, const opnilog_torch_write_args *_Nonnull args,
        opnilog_torch_error *_Nonnull error);
    void (*_Nonnull free)(opnilog_torch_model *_Nullable model);
    /// Models that were created or read and not yet freed.
    int64_t (*_Nonnull live)(void);

    /// Rows of the embedding and of the generator.
    int64_t (*_Nonnull words)(const opnilog_torch_model *_Nonnull model);
    /// One training step. On a GPU it is only begun: its loss is had from `losses`.
    opnilog_torch_status (*_Nonnull step)(
        opnilog_torch_model *_Nonnull model, const opnilog_torch_step_args *_Nonnull args,
        opnilog_torch_error *_Nonnull error);
    /// Losses of the steps, each once and in their order: at most `capacity` of those that are known, or of all if `wait`
    /// is not 0. OPNILOG_TORCH_NOT_FINITE where the first of them is no finite number, with which nothing moved; so they are
    /// asked for until none comes.
    opnilog_torch_status (*_Nonnull losses)(
        opnilog_torch_model *_Nonnull model, int32_t wait, opnilog_torch_loss *_Nonnull ret_losses, int64_t capacity,
        int64_t *_Nonnull ret_count, opnilog_torch_error *_Nonnull error);
    /// Loss and hits of a batch without dropout; nothing changes.
    opnilog_torch_status (*_Nonnull evaluate)(
        opnilog_torch_model *_Nonnull model, const opnilog_torch_batch *_Nonnull batch,
        opnilog_torch_loss *_Nonnull ret_loss, opnilog_torch_error *_Nonnull error);
    /// Of each position 1…length-1 masked in turn, how many logits stand above the true token's
    /// (of equal logits the one of the higher id stands above). `ret_ranks` is [rows, 64]; -1 elsewhere.
    opnilog_torch_status (*_Nonnull ranks)(
        opnilog_torch_model *_Nonnull model, const opnilog_torch_batch *_Nonnull batch,
        int32_t *_Nonnull ret_ranks, opnilog_torch_error *_Nonnull error);
    /// Logits of one log: `ret_logits` is [length - 1, words].
    opnilog_torch_status (*_Nonnull logits)(
        opnilog_torch_model *_Nonnull model, const opnilog_torch_batch *_Nonnull batch,
        float *_Nonnull ret_logits, opnilog_torch_error *_Nonnull error);

    int32_t (*_Nonnull tensor_count)(void);
    /// Name and shape of trained parameter `index`.
    opnilog_torch_status (*_Nonnull describe_tensor)(
        const opnilog_torch_model *_Nonnull model, int32_t index, opnilog_torch_tensor *_Nonnull ret_tensor,
        opnilog_torch_error *_Nonnull error);
    /// Copies parameter `index` to `ret_values`, which holds `count` numbers: exactly those of its shape.
    opnilog_torch_status (*_Nonnull read_tensor)(
        opnilog_torch_model *_Nonnull model, int32_t index, int32_t kind, double *_Nonnull ret_values,
        int64_t count, opnilog_torch_error *_Nonnull error);

    /// GPU `index` of the machine, from 0, whether or not libtorch can use it; needs no `start`.
    /// OPNILOG_TORCH_NO_DRIVER, or OPNILOG_TORCH_NO_DEVICE if there are fewer.
    opnilog_torch_status (*_Nonnull describe_device)(
        int32_t index, opnilog_torch_device *_Nonnull ret_device, opnilog_torch_error *_Nonnull error);
} opnilog_torch_api;

/// What the bridge exports, under this name.
typedef const opnilog_torch_api *_Nonnull (*opnilog_torch_bridge_function)(void);
#define OPNILOG_TORCH_BRIDGE_FUNCTION "opnilog_torch_bridge"

/// Opens a bridge for the life of the process and checks that its table is the one of this header.
///
/// Sets the environment variables that make libtorch's results repeatable (unless they are set), so it must
/// run before any other thread reads the environment. `ret_api` is borrowed.
opnilog_torch_status opnilog_torch_open(
    const char *_Nonnull path, const opnilog_torch_api *_Nullable *_Nonnull ret_api,
    opnilog_torch_error *_Nonnull error);

#endif
