#include "layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model.h"
#include "philox.h"

namespace opnilog {

namespace {

void check(const opnilog_torch_batch &batch, int64_t words) {
    require(batch.size >= sizeof(opnilog_torch_batch), "the batch is of another version");
    require(batch.rows >= 1, "the batch is empty");
    for (int64_t row = 0; row < batch.rows; ++row) {
        const int32_t length = batch.lengths[row];
        // The texts are made only where they are needed: there is one a token.
        const auto refuse = [&](const std::string &what) {
            throw Failure(OPNILOG_TORCH_BAD_ARGUMENT, "log " + std::to_string(row) + " of the batch has " + what);
        };
        if (length < 2 || length > kLength) refuse(std::to_string(length) + " tokens, not 2 to 64");
        if (batch.multiplicities[row] < 1) refuse("no multiplicity");
        for (int32_t i = 0; i < length; ++i) {
            const int32_t token = batch.tokens[row * kLength + i];
            if (token < 0 || token >= words)
                refuse("the token " + std::to_string(token) + ", and the model " + std::to_string(words) + " words");
        }
    }
}

/// Whether each token of the batch is shown as <UNK>.
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

}  // namespace

Layout lay_out(const opnilog_torch_batch &batch, int64_t words, UnknownWords unknown) {
    check(batch, words);
    const Unknowns unknowns(unknown);
    Layout layout{};
    layout.logs = batch.rows;
    layout.source.resize(size_t(batch.rows));
    std::iota(layout.source.begin(), layout.source.end(), 0);
    std::stable_sort(layout.source.begin(), layout.source.end(),
                     [&](int64_t a, int64_t b) { return batch.lengths[a] < batch.lengths[b]; });
    for (const int64_t log : layout.source) {
        const int32_t length = batch.lengths[log];
        layout.length.push_back(length);
        layout.first_token.push_back(int64_t(layout.token.size()));
        layout.first_row.push_back(int64_t(layout.label.size()));
        for (int64_t p = 0; p < length; ++p) {
            const int64_t place = log * kLength + p;
            layout.token.push_back(unknowns.show(batch.tokens[place], place, p));
            if (p == 0) continue;
            layout.label.push_back(batch.tokens[place]);
            layout.weight.push_back(batch.multiplicities[log]);
            layout.total_weight += batch.multiplicities[log];
        }
    }
    layout.first_token.push_back(int64_t(layout.token.size()));
    layout.first_row.push_back(int64_t(layout.label.size()));
    return layout;
}

int64_t Part::longest() const { return layout.length[size_t(end - 1)]; }

Range Part::share(int64_t index, int64_t count) const {
    const auto boundary = [&](int64_t share) {
        const auto rows = layout.first_row.begin();
        return std::lower_bound(rows + begin, rows + end, first_row() + this->rows() * share / count) - rows - begin;
    };
    return {boundary(index), boundary(index + 1)};
}

std::vector<Part> cut(const Layout &layout, int64_t most_rows) {
    std::vector<Part> parts;
    int64_t begin = 0;
    for (int64_t end = 1; end <= layout.logs; ++end) {
        if (end < layout.logs && layout.first_row[size_t(end + 1)] - layout.first_row[size_t(begin)] <= most_rows) continue;
        parts.push_back({layout, begin, end});
        begin = end;
    }
    return parts;
}

}  // namespace opnilog
