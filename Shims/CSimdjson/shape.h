#pragma once

// The shape of a hit: which brackets, keys and values it has, and in which order. The hits of a page are mostly alike but for
// what their values are, and to see that is cheaper than to walk through each of them.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "opnilog_simdjson.h"

namespace opnilog {

class Shape {
    /// Larger hits are always walked through.
    static constexpr size_t most_places = 256, most_words = 96;

    /// Eight bytes of a key, or less.
    struct Word {
        uint32_t place, offset;
        uint64_t bytes, mask;
    };

    size_t places = 0, words = 0;
    unsigned char kinds[most_places];
    Word keys[most_words];
    /// Hits in a row that had another shape, as far as it was looked at.
    unsigned misses = 0;
    static constexpr unsigned most_misses = 8;
    /// Hits that are not looked at, twice as many after each miss: where every hit is different looking would be in vain.
    unsigned unseen = 0;
    bool is_seen = false;

    static uint64_t load(const char *text) {
        uint64_t word;
        std::memcpy(&word, text, sizeof(word));
        return word;
    }

public:
    /// Where the strings stand that are wanted, as places in the list, from the start of the hit.
    size_t index, id, message;

    /// Places of the list that a hit has; 0 while none is known.
    size_t size() const { return places; }

    /// A bracket, colon, comma or quote as it is, 0 for what begins a number or a word.
    static unsigned char kind(char character) {
        static constexpr struct Kinds {
            unsigned char of[256] = {};
            constexpr Kinds() {
                for (const char *c = "{}[]:,\""; *c; c++) { of[static_cast<unsigned char>(*c)] = *c; }
            }
        } all;
        return all.of[static_cast<unsigned char>(character)];
    }

    /// Whether a hit that begins at `list` has the shape: then a walk through it would take the same way.
    bool fits(const char *text, const uint32_t *list, const uint32_t *end) {
        is_seen = unseen == 0;
        if (!is_seen) {
            unseen--;
            return false;
        }
        if (is_same(text, list, end)) {
            misses = 0;
            return true;
        }
        if (misses < most_misses) { misses++; }
        unseen = (1u << misses) - 1;
        return false;
    }

    /// Whether the hit that did not fit should be learnt. Not the first one: some have a field more now and then.
    bool wants_another() const { return is_seen && (places == 0 || misses > 1); }

    /// Learns the shape of a hit that was walked through, from `list` to `end`, if it is one that can be known again.
    void learn(const char *text, const uint32_t *list, const uint32_t *end, const opnilog_json_hit &hit);

private:
    bool is_same(const char *text, const uint32_t *list, const uint32_t *end) const {
        if (places == 0 || size_t(end - list) < places) { return false; }
        // Without a branch: where they differ cannot be foreseen.
        uint64_t difference = 0;
        for (size_t i = 0; i < places; i++) { difference |= kind(text[list[i]]) ^ kinds[i]; }
        for (size_t i = 0; i < words; i++) {
            difference |= (load(text + list[keys[i].place] + keys[i].offset) ^ keys[i].bytes) & keys[i].mask;
        }
        return difference == 0;
    }

    bool learn_key(const char *text, const uint32_t *list, size_t place, unsigned &seen);
};

}  // namespace opnilog
