#include "gpu_kernels.h"

#include "gpu_program.h"
#include "model.h"

namespace opnilog::gpu {

namespace {

constexpr int64_t kWarps = 8;  // of a block
constexpr int64_t kLanes = 32;

// A warp a row: dropout, norms. A block a row: cross-entropy, whose rows are long.
constexpr const char *kSource = R"cuda(
typedef unsigned int uint32;
typedef unsigned long long uint64;
typedef long long int64;
#define WIDTH 256
#define WARPS 8
#define LANES 32
#define COLUMNS (WIDTH / LANES)

__device__ REAL sum_of_warp(REAL x) {
    for (int step = LANES / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xFFFFFFFFu, x, step);
    return x;
}

__device__ REAL largest_of_warp(REAL x) {
    for (int step = LANES / 2; step > 0; step /= 2) {
        const REAL other = __shfl_xor_sync(0xFFFFFFFFu, x, step);
        if (other > x) x = other;
    }
    return x;
}

__device__ int64 row_of_warp() { return int64(blockIdx.x) * WARPS + threadIdx.x / LANES; }

// Philox4x32-10 (philox.h), and unit `unit` of a stream as dropout.cpp lays it out: lane i draws numbers i, i + 32, ...
__device__ void drop(uint64 key, uint64 unit, uint32 stream, uint32 threshold, REAL factor, REAL *to) {
    const int lane = threadIdx.x % LANES;
    const uint64 counter = unit * LANES + lane;
    uint32 x[4] = {uint32(counter), uint32(counter >> 32), stream, 0};
    uint32 k0 = uint32(key), k1 = uint32(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64 a = uint64(0xD2511F53u) * x[0], b = uint64(0xCD9E8D57u) * x[2];
        x[0] = uint32(b >> 32) ^ x[1] ^ k0;
        x[1] = uint32(b);
        x[2] = uint32(a >> 32) ^ x[3] ^ k1;
        x[3] = uint32(a);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int word = 0; word < 4; ++word) {
        to[2 * word * LANES + lane] = (x[word] & 0xFFFFu) >= threshold ? factor : REAL(0);
        to[(2 * word + 1) * LANES + lane] = (x[word] >> 16) >= threshold ? factor : REAL(0);
    }
}

extern "C" __global__ void dropout_factors(
    uint64 key, uint32 threshold, double factor, int64 first_token, int64 tokens, int64 vectors, int64 first_log, int64 logs,
    int64 rows, const int64 *log_of, REAL *factors) {
    const int64 place = row_of_warp();
    if (place >= vectors + 2 * logs + 3 * rows) return;
    int64 unit;
    uint32 stream;
    if (place < tokens) {
        unit = first_token + place;
        stream = 0;
    } else if (place < vectors) {
        unit = place - tokens;
        stream = 1;
    } else if (place < vectors + 2 * logs) {
        unit = 2 * first_log + place - vectors;
        stream = 2;
    } else {
        const int64 row = place - vectors - 2 * logs;
        unit = first_log + log_of[row % rows];
        stream = 3 + uint32(row / rows);
    }
    drop(key, uint64(unit), stream, threshold, REAL(factor), factors + place * WIDTH);
}

extern "C" __global__ void layer_norm(
    int64 rows, const REAL *x, const REAL *base, const int64 *base_index, const REAL *factors, const REAL *scale,
    const REAL *shift, REAL *values, REAL *deviations, REAL *to) {
    const int64 row = row_of_warp();
    if (row >= rows) return;
    const int lane = threadIdx.x % LANES;
    const int64 base_row = base_index ? base_index[row] : row;
    REAL numbers[COLUMNS], sum = 0, squares = 0;
    for (int i = 0; i < COLUMNS; ++i) {
        const int column = i * LANES + lane;
        REAL number = x[row * WIDTH + column];
        if (factors) number *= factors[row * WIDTH + column];
        if (base) number += base[base_row * WIDTH + column];
        numbers[i] = number;
        sum += number;
    }
    const REAL mean = sum_of_warp(sum) / WIDTH;
    for (int i = 0; i < COLUMNS; ++i) {
        numbers[i] -= mean;
        squares += numbers[i] * numbers[i];
    }
    // A row of equal numbers has no deviation, and on the way back nothing is to be divided by it.
    REAL deviation = sqrt(sum_of_warp(squares) / (WIDTH - 1));
    if (deviation < REAL(1e-30)) deviation = REAL(1e-30);
    if (lane == 0) deviations[row] = deviation;
    const REAL divisor = deviation + REAL(1e-6);
    for (int i = 0; i < COLUMNS; ++i) {
        const int column = i * LANES + lane;
        const REAL value = numbers[i] / divisor;
        values[row * WIDTH + column] = value;
        to[row * WIDTH + column] = value * scale[column] + shift[column];
    }
}

// Each block adds up what its rows give the parameters; `partial` is [blocks, 512].
extern "C" __global__ void layer_norm_back(
    int64 rows, const REAL *given, const REAL *values, const REAL *deviations, const REAL *scale, REAL *gradient,
    REAL *partial) {
    __shared__ REAL shared[WARPS][2 * WIDTH];
    const int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
    REAL of_scale[COLUMNS] = {}, of_shift[COLUMNS] = {};
    for (int64 row = row_of_warp(); row < rows; row += int64(gridDim.x) * WARPS) {
        const REAL deviation = deviations[row], divisor = deviation + REAL(1e-6);
        REAL scaled[COLUMNS], value[COLUMNS], sum = 0, along = 0;
        for (int i = 0; i < COLUMNS; ++i) {
            const int column = i * LANES + lane;
            const REAL number = given[row * WIDTH + column];
            value[i] = values[row * WIDTH + column];
            scaled[i] = number * scale[column];
            of_scale[i] += number * value[i];
            of_shift[i] += number;
            sum += scaled[i];
            along += scaled[i] * value[i];
        }
        const REAL mean = sum_of_warp(sum) / WIDTH;
        along = sum_of_warp(along) / deviation / (WIDTH - 1);
        for (int i = 0; i < COLUMNS; ++i)
            gradient[row * WIDTH + i * LANES + lane] = (scaled[i] - mean) / divisor - value[i] * along;
    }
    for (int i = 0; i < COLUMNS; ++i) {
        shared[warp][i * LANES + lane] = of_scale[i];
        shared[warp][WIDTH + i * LANES + lane] = of_shift[i];
    }
    __syncthreads();
    for (int column = threadIdx.x; column < 2 * WIDTH; column += WARPS * LANES) {
        REAL sum = 0;
        for (int i = 0; i < WARPS; ++i) sum += shared[i][column];
        partial[int64(blockIdx.x) * 2 * WIDTH + column] = sum;
    }
}

__device__ REAL sum_of_block(REAL x, REAL *shared) {
    x = sum_of_warp(x);
    if (threadIdx.x % LANES == 0) shared[threadIdx.x / LANES] = x;
    __syncthreads();
    REAL sum = 0;
    for (int i = 0; i < WARPS; ++i) sum += shared[i];
    __syncthreads();
    return sum;
}

__device__ REAL largest_of_block(REAL x, REAL *shared) {
    x = largest_of_warp(x);
    if (threadIdx.x % LANES == 0) shared[threadIdx.x / LANES] = x;
    __syncthreads();
    REAL largest = shared[0];
    for (int i = 1; i < WARPS; ++i) largest = shared[i] > largest ? shared[i] : largest;
    __syncthreads();
    return largest;
}

extern "C" __global__ void cross_entropy(
    int64 words, int64 stride, REAL *products, const REAL *bias, const int64 *label, const double *weight,
    double total_weight, double *entropy) {
    __shared__ REAL shared[WARPS];
    REAL *row = products + int64(blockIdx.x) * stride;
    REAL largest = REAL(-1e30);
    for (int64 word = threadIdx.x; word < words; word += WARPS * LANES) {
        const REAL logit = row[word] + bias[word];
        row[word] = logit;
        if (logit > largest) largest = logit;
    }
    largest = largest_of_block(largest, shared);
    const int64 own = label[blockIdx.x];
    const REAL own_logit = row[own];
    REAL sum = 0;
    for (int64 word = threadIdx.x; word < words; word += WARPS * LANES) sum += exp(row[word] - largest);
    sum = sum_of_block(sum, shared);
    const REAL share = REAL(weight[blockIdx.x] / total_weight), normed = share / sum;
    for (int64 word = threadIdx.x; word < words; word += WARPS * LANES)
        row[word] = exp(row[word] - largest) * normed - (word == own ? share : REAL(0));
    if (threadIdx.x == 0) entropy[blockIdx.x] = weight[blockIdx.x] * double(log(sum) + largest - own_logit);
}
)cuda";

Program &program(const at::TensorOptions &options) { return Program::of(kSource, options); }

int64_t blocks(int64_t rows) { return (rows + kWarps - 1) / kWarps; }

/// The address of a tensor's numbers for a kernel; null where it is undefined.
void *data(const at::Tensor &tensor) { return tensor.defined() ? tensor.data_ptr() : nullptr; }

}  // namespace

at::Tensor dropout_factors(const Dropout &dropout, const Part &part, int64_t vectors, const at::Tensor &log_of,
                           const at::TensorOptions &options) {
    const int64_t units = vectors + 2 * part.logs() + 3 * part.rows();
    const auto factors = at::empty({units * kWidth}, options);
    program(options).launch("dropout_factors", blocks(units), kWarps * kLanes, dropout.key, dropout.threshold, dropout.factor,
                            part.first_token(), part.tokens(), vectors, part.begin, part.logs(), part.rows(), data(log_of),
                            data(factors));
    return factors;
}

at::Tensor norm(const at::Tensor &x, const at::Tensor &base, const at::Tensor &base_index, const at::Tensor &factors,
                const at::Tensor &scale, const at::Tensor &shift, Normed &normed) {
    const int64_t rows = x.size(0);
    normed = {at::empty_like(x), at::empty({rows}, x.options())};
    auto to = at::empty_like(x);
    program(x.options()).launch("layer_norm", blocks(rows), kWarps * kLanes, rows, data(x), data(base), data(base_index),
                                data(factors), data(scale), data(shift), data(normed.values), data(normed.deviations),
                                data(to));
    return to;
}

at::Tensor norm_back(const at::Tensor &gradient, const Normed &normed, const at::Tensor &scale, at::Tensor &parameters) {
    constexpr int64_t most_blocks = 256;
    const int64_t rows = gradient.size(0), count = std::min(blocks(rows), most_blocks);
    auto to = at::empty_like(gradient);
    const auto partial = at::empty({count, 2 * kWidth}, gradient.options());
    program(gradient.options()).launch("layer_norm_back", count, kWarps * kLanes, rows, data(gradient), data(normed.values),
                                       data(normed.deviations), data(scale), data(to), data(partial));
    parameters = partial.sum(0);
    return to;
}

at::Tensor cross_entropy(const at::Tensor &products, const at::Tensor &bias, const at::Tensor &label,
                         const at::Tensor &weight, double total_weight) {
    const auto entropy = at::empty({products.size(0)}, weight.options());
    program(products.options()).launch("cross_entropy", products.size(0), kWarps * kLanes, products.size(1),
                                       products.stride(0), data(products), data(bias), data(label), data(weight),
                                       total_weight, data(entropy));
    return entropy;
}

}  // namespace opnilog::gpu
