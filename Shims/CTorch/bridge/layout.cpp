#include "layout.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "model.h"
#include "philox.h"

namespace opnilog {

namespace {

using Indices = std::vector<int64_t>;

/// A group's attention weights are at most this many numbers, so that memory does not grow with the batch.
constexpr int64_t kGroupNumbers = int64_t(1) << 22;

at::Tensor to_device(const Indices &values, const at::TensorOptions &options) {
    return at::tensor(values, at::kLong).to(options.device());
}

void check(const opnilog_torch_batch &batch, int64_t words) {
    require(batch.size >= sizeof(opnilog_torch_batch), "the batch is of another version");
    require(batch.rows >= 1, "the batch is empty");
    for (int64_t row = 0; row < batch.rows; ++row) {
        const int32_t length = batch.lengths[row];
        const std::string which = "log " + std::to_string(row) + " of the batch";
        require(length >= 2 && length <= kLength, which + " has " + std::to_string(length) + " tokens, not 2 to 64");
        require(batch.multiplicities[row] >= 1, which + " has no multiplicity");
        for (int32_t i = 0; i < length; ++i) {
            const int32_t token = batch.tokens[row * kLength + i];
            require(token >= 0 && token < words, which + " has the token " + std::to_string(token) +
                ", and the model " + std::to_string(words) + " words");
        }
    }
}

/// Places of the logs, by length class, each class cut so that its attention stays small.
std::vector<Indices> group_logs(const opnilog_torch_batch &batch) {
    constexpr std::array<int32_t, 5> edges{8, 16, 24, 40, kLength};
    std::vector<Indices> groups;
    int32_t shortest = 1;
    for (const int32_t edge : edges) {
        const int64_t most = std::max<int64_t>(1, kGroupNumbers / (kHeads * edge * edge));
        Indices group;
        for (int64_t log = 0; log < batch.rows; ++log) {
            if (batch.lengths[log] < shortest || batch.lengths[log] > edge) continue;
            group.push_back(log);
            if (int64_t(group.size()) == most) groups.push_back(std::exchange(group, {}));
        }
        if (!group.empty()) groups.push_back(group);
        shortest = edge + 1;
    }
    return groups;
}

/// Whether each packed token is shown as <UNK>.
class Unknowns {
  public:
    explicit Unknowns(UnknownWords unknown)
        : threshold_(uint64_t(std::llround(unknown.share * 0x1p32))),
          random_(Philox(unknown.seed).derive(uint64_t(Purpose::unknown_words), unknown.step)) {}

    int64_t show(int64_t token, int64_t place, int64_t position) const {
        if (threshold_ == 0 || position == 0) return token;
        return random_(uint64_t(place), 0)[0] < threshold_ ? kUnknown : token;
    }

  private:
    uint64_t threshold_;
    Philox random_;
};

Group lay_out_group(const Indices &logs, const opnilog_torch_batch &batch, const Indices &starts,
                    const at::TensorOptions &options) {
    int64_t length = 0;
    for (const int64_t log : logs) length = std::max<int64_t>(length, batch.lengths[log]);
    Indices packed, variant;
    auto padding = at::zeros({int64_t(logs.size()), length}, at::kBool);
    bool *pad = padding.data_ptr<bool>();
    for (size_t i = 0; i < logs.size(); ++i) {
        for (int64_t p = 0; p < length; ++p) {
            const bool real = p < batch.lengths[logs[i]];
            packed.push_back(real ? starts[size_t(logs[i])] + p : 0);
            pad[int64_t(i) * length + p] = !real;
            if (real && p > 0) variant.push_back(int64_t(i) * (length - 1) + p - 1);
        }
    }
    return {int64_t(logs.size()), length, to_device(logs, options), to_device(packed, options),
            padding.to(options.device()), to_device(variant, options)};
}

}  // namespace

Layout lay_out(const opnilog_torch_batch &batch, int64_t words, const at::TensorOptions &options,
               UnknownWords unknown) {
    check(batch, words);
    const Unknowns unknowns(unknown);
    Indices starts, token, position;
    Layout layout{};
    for (int64_t log = 0; log < batch.rows; ++log) {
        starts.push_back(int64_t(token.size()));
        layout.longest = std::max<int64_t>(layout.longest, batch.lengths[log]);
        for (int64_t p = 0; p < batch.lengths[log]; ++p) {
            token.push_back(unknowns.show(batch.tokens[log * kLength + p], log * kLength + p, p));
            position.push_back(p);
        }
    }
    Indices row_log, label;
    std::vector<double> weight;
    for (const auto &logs : group_logs(batch)) {
        layout.groups.push_back(lay_out_group(logs, batch, starts, options));
        for (const int64_t log : logs) {
            for (int64_t p = 1; p < batch.lengths[log]; ++p) {
                row_log.push_back(log);
                label.push_back(batch.tokens[log * kLength + p]);
                weight.push_back(batch.multiplicities[log]);
                layout.cell.push_back(log * kLength + p);
                layout.total_weight += batch.multiplicities[log];
            }
        }
    }
    layout.logs = batch.rows;
    layout.tokens = int64_t(token.size());
    layout.variants = int64_t(label.size());
    layout.token = to_device(token, options);
    layout.position = to_device(position, options);
    layout.cls = to_device(starts, options);
    layout.log = to_device(row_log, options);
    layout.label = to_device(label, options);
    layout.weight = at::tensor(weight, at::kDouble).to(options);
    return layout;
}

}  // namespace opnilog
