// Learning the shape of a hit.

#include "shape.h"

#include <algorithm>
#include <array>

#include "parser.h"

namespace opnilog {

/// Notes a key up to its closing quote, so that a longer one is another one.
bool Shape::learn_key(const char *text, const uint32_t *list, size_t place, unsigned &seen) {
    const char *key = text + list[place] + 1;
    // Few have a routing, and none anything twice; but where they do, more is looked at than three strings.
    if (is_key(key, "_routing")) { return false; }
    for (unsigned i = 0; i < 3; i++) {
        if (!is_key(key, std::array{"_index", "_id", "_source"}[i])) { continue; }
        if (seen & 1u << i) { return false; }
        seen |= 1u << i;
    }
    size_t length = 0;
    while (key[length] != '"') { length += key[length] == '\\' ? 2 : 1; }
    length++;
    for (size_t done = 0; done < length; done += sizeof(uint64_t)) {
        // Each word is loaded behind whatever key stands at its place, also a short one at the text's end.
        if (words == most_words || 1 + done + sizeof(uint64_t) > OPNILOG_JSON_PADDING) { return false; }
        Word word = {uint32_t(place), uint32_t(1 + done), load(key + done), 0};
        std::memset(&word.mask, 0xFF, std::min(length - done, sizeof(word.mask)));
        keys[words++] = word;
    }
    return true;
}

void Shape::learn(const char *text, const uint32_t *list, const uint32_t *end, const opnilog_json_hit &hit) {
    places = words = index = id = message = 0;
    size_t count = size_t(end - list);
    if (count > most_places) { return; }
    unsigned seen = 0;
    for (size_t i = 0; i < count; i++) {
        kinds[i] = kind(text[list[i]]);
        if (kinds[i] != '"') { continue; }
        if (i + 1 < count && text[list[i + 1]] == ':' && !learn_key(text, list, i, seen)) { return; }
        if (list[i] + 1 == hit.index_offset) { index = i; }
        if (list[i] + 1 == hit.id_offset) { id = i; }
        if (list[i] + 1 == hit.message_offset) { message = i; }
    }
    // No place is 0: that is the opening bracket.
    if (index && id && message) { places = count; }
}

}  // namespace opnilog
