// The kernels of gpu_kernels.cpp on a CPU, where there is no GPU to run them: their text as C++, a block's threads as threads.
// Each is compared with a plain loop. Built with -DKERNELS=FILE, the text, and the folder of the bridge among the includes.

#include <barrier>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "philox.h"

typedef double REAL;
using std::exp, std::log, std::sqrt;

namespace cuda {

constexpr int kLanes = 32, kThreads = 256;
struct Index { unsigned x; };
struct Warp {
    std::barrier<> barrier{kLanes};
    double numbers[kLanes];
};
thread_local Index thread, block;
Index grid;
std::unique_ptr<std::barrier<>> whole;
std::vector<std::unique_ptr<Warp>> warps;

double exchange(double number, int step) {
    auto &warp = *warps[thread.x / kLanes];
    const unsigned lane = thread.x % kLanes;
    warp.numbers[lane] = number;
    warp.barrier.arrive_and_wait();
    const double other = warp.numbers[lane ^ unsigned(step)];
    warp.barrier.arrive_and_wait();
    return other;
}

/// One block after the other, since what a block shares is `static` here.
void launch(int64_t blocks, const std::function<void()> &kernel) {
    grid.x = unsigned(blocks);
    for (unsigned number = 0; number < grid.x; ++number) {
        whole = std::make_unique<std::barrier<>>(kThreads);
        warps.clear();
        for (int i = 0; i < kThreads / kLanes; ++i) warps.push_back(std::make_unique<Warp>());
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < kThreads; ++i)
            threads.emplace_back([i, number, &kernel] {
                thread.x = i;
                block.x = number;
                kernel();
            });
        for (auto &thread : threads) thread.join();
    }
}

}  // namespace cuda

#define threadIdx cuda::thread
#define blockIdx cuda::block
#define gridDim cuda::grid
#define __shfl_xor_sync(mask, number, step) cuda::exchange(number, step)
#define __syncthreads() cuda::whole->arrive_and_wait()
#define __global__
#define __device__ static
#define __shared__ static
#include KERNELS

namespace {

constexpr int kRows = 21, kBases = 5;  // not whole blocks of eight
std::mt19937 chance(3);
bool failed = false;

std::vector<double> numbers(size_t count) {
    std::normal_distribution<double> normal;
    std::vector<double> all(count);
    for (auto &number : all) number = normal(chance);
    return all;
}

void report(const char *what, double difference, double most) {
    std::printf("%s: %g\n", what, difference);
    if (!(difference <= most)) failed = true;
}

void keep_largest(double &largest, double difference) {
    if (!(std::abs(difference) <= largest)) largest = std::abs(difference);
}

struct Norm {
    std::vector<double> x = numbers(kRows * WIDTH), base = numbers(kBases * WIDTH), factors = numbers(kRows * WIDTH),
                        scale = numbers(WIDTH), shift = numbers(WIDTH);
    std::vector<int64> index;
    std::vector<double> values = numbers(kRows * WIDTH), deviations = numbers(kRows);

    Norm() {
        for (int row = 0; row < kRows; ++row) index.push_back(row * 3 % kBases);
    }
    std::vector<double> forward() {
        std::vector<double> to(kRows * WIDTH);
        cuda::launch(3, [&] {
            layer_norm(kRows, x.data(), base.data(), index.data(), factors.data(), scale.data(), shift.data(), values.data(),
                       deviations.data(), to.data());
        });
        return to;
    }
    double sum(int row, int column) const {
        return x[row * WIDTH + column] * factors[row * WIDTH + column] + base[index[row] * WIDTH + column];
    }
};

void check_norm() {
    Norm norm;
    const auto got = norm.forward();
    double difference = 0;
    for (int row = 0; row < kRows; ++row) {
        double mean = 0, squares = 0;
        for (int column = 0; column < WIDTH; ++column) mean += norm.sum(row, column) / WIDTH;
        for (int column = 0; column < WIDTH; ++column) squares += std::pow(norm.sum(row, column) - mean, 2);
        const double divisor = std::sqrt(squares / (WIDTH - 1)) + 1e-6;
        for (int column = 0; column < WIDTH; ++column)
            keep_largest(difference, got[row * WIDTH + column] - norm.shift[column]
                                         - norm.scale[column] * (norm.sum(row, column) - mean) / divisor);
    }
    report("norm", difference, 1e-12);
}

/// By differences of the sum of `given` times what the norm returns.
void check_norm_back() {
    Norm norm;
    const auto given = numbers(kRows * WIDTH);
    std::vector<double> gradient(kRows * WIDTH), partial(2 * 2 * WIDTH);
    norm.forward();
    cuda::launch(2, [&] {
        layer_norm_back(kRows, given.data(), norm.values.data(), norm.deviations.data(), norm.scale.data(), gradient.data(),
                        partial.data());
    });
    const auto slope = [&](double &number) {
        const double step = 1e-6, before = number;
        double sum = 0;
        for (const double sign : {1.0, -1.0}) {
            number = before + sign * step;
            const auto to = norm.forward();
            for (size_t i = 0; i < to.size(); ++i) sum += sign * given[i] * to[i] / (2 * step);
        }
        number = before;
        return sum;
    };
    double difference = 0;
    for (const int place : {0, 977, 2 * WIDTH + 31, kRows * WIDTH - 1})
        keep_largest(difference, slope(norm.x[place]) - gradient[place] * norm.factors[place]);
    for (const int column : {0, 77, WIDTH - 1}) {
        keep_largest(difference, slope(norm.scale[column]) - partial[column] - partial[2 * WIDTH + column]);
        keep_largest(difference, slope(norm.shift[column]) - partial[WIDTH + column] - partial[3 * WIDTH + column]);
    }
    report("norm's way back", difference, 1e-6);
}

void check_cross_entropy() {
    const int64 rows = 3, words = 700, stride = 704;
    auto products = numbers(rows * stride);
    const auto before = products, bias = numbers(words);
    const std::vector<int64> label{5, 699, 300};
    const std::vector<double> weight{1, 3, 2};
    std::vector<double> entropy(rows);
    cuda::launch(rows, [&] {
        cross_entropy(words, stride, products.data(), bias.data(), label.data(), weight.data(), 6, entropy.data());
    });
    double difference = 0;
    for (int row = 0; row < rows; ++row) {
        const auto logit = [&](int64 word) { return before[row * stride + word] + bias[word]; };
        double sum = 0;
        for (int word = 0; word < words; ++word) sum += std::exp(logit(word));
        keep_largest(difference, entropy[row] - weight[row] * (std::log(sum) - logit(label[row])));
        for (int word = 0; word < words; ++word)
            keep_largest(difference, products[row * stride + word]
                                         - weight[row] / 6 * (std::exp(logit(word)) / sum - (word == label[row])));
    }
    report("cross-entropy", difference, 1e-12);
}

/// Against the layout that dropout.cpp describes: 32 calls of Philox a unit of 256, sixteen bits a number.
void check_dropout() {
    const uint64 key = 0x123456789ABCDEF;
    const uint32 threshold = 6554;
    const int64 first_token = 9, tokens = 7, vectors = 11, first_log = 2, logs = 2;
    const std::vector<int64> log_of{0, 0, 1, 1, 1};
    std::vector<double> expected;
    const auto add = [&](int64 unit, uint32_t stream) {
        for (int place = 0; place < WIDTH; ++place) {
            const auto four = opnilog::Philox(key)(uint64_t(unit * LANES + place % LANES), stream);
            const int part = place / LANES;
            expected.push_back(((four[size_t(part / 2)] >> (part % 2 * 16)) & 0xFFFF) >= threshold ? 1.25 : 0);
        }
    };
    for (int64 i = 0; i < tokens; ++i) add(first_token + i, 0);
    for (int64 i = 0; i < vectors - tokens; ++i) add(i, 1);
    for (int64 i = 0; i < 2 * logs; ++i) add(2 * first_log + i, 2);
    for (uint32_t stream = 3; stream < 6; ++stream)
        for (const int64 log : log_of) add(first_log + log, stream);

    std::vector<double> factors(expected.size() + WIDTH, -1);
    cuda::launch(4, [&] {
        dropout_factors(key, threshold, 1.25, first_token, tokens, vectors, first_log, logs, int64(log_of.size()),
                        log_of.data(), factors.data());
    });
    double difference = 0;
    for (size_t i = 0; i < expected.size(); ++i) keep_largest(difference, factors[i] - expected[i]);
    for (size_t i = expected.size(); i < factors.size(); ++i) keep_largest(difference, factors[i] + 1);
    report("dropout", difference, 0);
}

}  // namespace

int main() {
    check_norm();
    check_norm_back();
    check_cross_entropy();
    check_dropout();
    return failed ? 1 : 0;
}
