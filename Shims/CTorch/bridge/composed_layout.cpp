#include "composed_layout.h"

#include <algorithm>
#include <numeric>

#include "model.h"
#include "upload.h"

namespace opnilog {

namespace {

/// A group's attention weights are at most this many numbers, or of one log: few large kernels cost less than many small
/// ones, padding and all, but beside one long log a thousand short ones would be mostly padding.
constexpr int64_t kGroupNumbers = int64_t(1) << 25;

/// Arrays by the place where their tensor will stand, until they are sent together.
class Arrays {
  public:
    explicit Arrays(const at::TensorOptions &options) : upload_(options) {}

    void add(at::Tensor &to, const Layout::Indices &numbers) { places_.emplace_back(&to, upload_.add(numbers)); }
    void send() {
        upload_.send();
        for (const auto &[to, place] : places_) *to = upload_.get(place);
    }

  private:
    Upload upload_;
    std::vector<std::pair<at::Tensor *, size_t>> places_;
};

std::vector<Group> groups_of(const Part &part) {
    const auto length_of = [&](int64_t log) { return part.layout.length[size_t(part.begin + log)]; };
    const auto token = [&](int64_t log) { return part.layout.first_token[size_t(part.begin + log)] - part.first_token(); };
    const auto row = [&](int64_t log) { return part.layout.first_row[size_t(part.begin + log)] - part.first_row(); };
    std::vector<Group> groups;
    for (int64_t begin = 0, end = 0; begin < part.logs(); begin = end) {
        const auto fits = [&] { return (end + 1 - begin) * kHeads * length_of(end) * length_of(end) <= kGroupNumbers; };
        do ++end;
        while (end < part.logs() && fits());
        groups.push_back({begin, end - begin, length_of(end - 1), token(begin), token(end) - token(begin), row(begin),
                          row(end) - row(begin), {}, {}, {}, {}, {}});
    }
    return groups;
}

void add_group(Arrays &arrays, Group &group, const Part &part) {
    Layout::Indices packed(size_t(group.logs * group.length), 0), cell, variant, lengths;
    Layout::Indices row(size_t(group.logs * group.variants()), group.rows);
    for (int64_t log = 0; log < group.logs; ++log) {
        lengths.push_back(part.layout.length[size_t(part.begin + group.begin + log)]);
        for (int64_t p = 0; p < lengths.back(); ++p) {
            packed[size_t(log * group.length + p)] = group.first_token + int64_t(cell.size());
            cell.push_back(log * group.length + p);
            if (p == 0) continue;
            row[size_t(log * group.variants() + p - 1)] = int64_t(variant.size());
            variant.push_back(log * group.variants() + p - 1);
        }
    }
    arrays.add(group.packed, packed);
    arrays.add(group.cell, cell);
    arrays.add(group.variant, variant);
    arrays.add(group.row, row);
    arrays.add(group.lengths, lengths);
}

void add_words(Arrays &arrays, ComposedLayout &to, const Layout::Indices &token) {
    Layout::Indices sorted(token.size()), word_at;
    std::iota(sorted.begin(), sorted.end(), 0);
    std::stable_sort(sorted.begin(), sorted.end(), [&](int64_t a, int64_t b) { return token[size_t(a)] < token[size_t(b)]; });
    Layout::Indices word_of(size_t(token[size_t(sorted.back())] + 1), -1);
    for (size_t i = 0; i < sorted.size(); ++i) {
        auto &word = word_of[size_t(token[size_t(sorted[i])])];
        if (word >= 0) continue;
        word = int64_t(word_at.size());
        word_at.push_back(int64_t(i));
    }
    std::replace(word_of.begin(), word_of.end(), int64_t(-1), int64_t(word_at.size()));
    word_at.push_back(int64_t(sorted.size()));
    arrays.add(to.sorted, sorted);
    arrays.add(to.word_at, word_at);
    arrays.add(to.word_of, word_of);
}

}  // namespace

ComposedLayout::ComposedLayout(const Part &part, const at::TensorOptions &options) : groups(groups_of(part)), longest(part.longest()) {
    const auto first = part.layout.token.begin() + part.first_token();
    Layout::Indices tokens(first, first + part.tokens()), positions, starts, logs_at, logs_of, rows_at, numbers(kLength);
    std::iota(numbers.begin(), numbers.end(), 0);
    for (int64_t log = 0; log < part.logs(); ++log) {
        const int64_t length = part.layout.length[size_t(part.begin + log)];
        starts.push_back(int64_t(positions.size()));
        rows_at.push_back(int64_t(logs_of.size()));
        for (int64_t p = 0; p < length; ++p) {
            positions.push_back(p);
            logs_at.push_back(p == 0 ? log : part.logs());
        }
        logs_of.insert(logs_of.end(), size_t(length - 1), log);
    }
    rows_at.push_back(int64_t(logs_of.size()));
    for (int64_t p = 0; p < longest; ++p) {
        tokens.push_back(kMask);
        positions.push_back(p);
        logs_at.push_back(part.logs());
    }

    Arrays arrays(options);
    arrays.add(counting, numbers);
    arrays.add(token, tokens);
    arrays.add(position, positions);
    arrays.add(start, starts);
    arrays.add(log_at, logs_at);
    arrays.add(log_of, logs_of);
    arrays.add(log_rows, rows_at);
    add_words(arrays, *this, tokens);
    for (auto &group : groups) add_group(arrays, group, part);
    arrays.send();
    for (auto &group : groups) group.lengths = group.lengths.unsqueeze(1);
}

}  // namespace opnilog
