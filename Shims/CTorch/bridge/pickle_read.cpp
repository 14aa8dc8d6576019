#include <cstring>
#include <unordered_map>

#include "bridge.h"
#include "pickle.h"

namespace opnilog::pickle {

namespace {

[[noreturn]] void damaged(const std::string &what) {
    throw Failure(OPNILOG_TORCH_BAD_FILE, "the model's data.pkl is damaged: " + what);
}

/// Values a document may hold; a model file has some 4,000.
constexpr size_t kMostValues = 1 << 20;

}  // namespace

const Value *Value::find(std::string_view key) const {
    // The last of equal keys counts, as in Python.
    for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair)
        if (pair->first->kind == text && pair->first->string == key) return pair->second;
    return nullptr;
}

const Value *Value::find(int64_t key) const {
    for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair)
        if (pair->first->kind == integer && pair->first->number == key) return pair->second;
    return nullptr;
}

/// The machine that a pickle is a program for: a stack, marks in it, and a memo.
class Reader {
  public:
    Reader(std::string_view bytes, Document &document) : bytes_(bytes), document_(document) {}

    size_t place() const { return at_; }

    Value *run() {
        while (true) {
            const auto code = uint8_t(take(1)[0]);
            if (code == '.') return pop();
            step(code);
        }
    }

  private:
    void step(uint8_t code) {
        switch (code) {
            case 0x80: take(1); return;                                // PROTO
            case 0x95: take(8); return;                                // FRAME
            case '(': marks_.push_back(stack_.size()); return;         // MARK
            case 'N': push(Value::nothing); return;                    // NONE
            case 0x88: push_number(Value::boolean, 1); return;         // NEWTRUE
            case 0x89: push_number(Value::boolean, 0); return;         // NEWFALSE
            case 'K': push_number(Value::integer, int64_t(little(1))); return;             // BININT1
            case 'M': push_number(Value::integer, int64_t(little(2))); return;             // BININT2
            case 'J': push_number(Value::integer, int32_t(uint32_t(little(4)))); return;   // BININT
            case 0x8a: push_long(); return;                            // LONG1
            case 'G': push_real(); return;                             // BINFLOAT
            case 'X': push_text(take(little(4))); return;              // BINUNICODE
            case 0x8c: push_text(take(little(1))); return;             // SHORT_BINUNICODE
            case 'c': global_by_lines(); return;                       // GLOBAL
            case 0x93: stack_global(); return;                         // STACK_GLOBAL
            case '}': push(Value::dictionary); return;                 // EMPTY_DICT
            case ']': push(Value::list); return;                       // EMPTY_LIST
            case ')': push(Value::tuple); return;                      // EMPTY_TUPLE
            case 't': gather(Value::tuple, since_mark()); return;      // TUPLE
            case 0x85: gather(Value::tuple, top(1)); return;           // TUPLE1
            case 0x86: gather(Value::tuple, top(2)); return;           // TUPLE2
            case 0x87: gather(Value::tuple, top(3)); return;           // TUPLE3
            case 'a': extend(top(1)); return;                          // APPEND
            case 'e': extend(since_mark()); return;                    // APPENDS
            case 's': assign(top(2)); return;                          // SETITEM
            case 'u': assign(since_mark()); return;                    // SETITEMS
            case 'q': memo_[little(1)] = peek(); return;               // BINPUT
            case 'r': memo_[little(4)] = peek(); return;               // LONG_BINPUT
            case 0x94: memo_.emplace(memo_.size(), peek()); return;    // MEMOIZE
            case 'h': recall(little(1)); return;                       // BINGET
            case 'j': recall(little(4)); return;                       // LONG_BINGET
            case 'Q': persistent(); return;                            // BINPERSID
            case 'R': reduce(); return;                                // REDUCE
            case 'b': pop(); peek(); return;                           // BUILD: attributes, of no use here
            default: damaged("operation " + std::to_string(code) + " has no place in it");
        }
    }

    std::string_view take(uint64_t count) {
        if (count > bytes_.size() - at_) damaged("it ends too early");
        const auto taken = bytes_.substr(at_, count);
        at_ += count;
        return taken;
    }

    uint64_t little(int count) {
        uint64_t value = 0;
        const auto taken = take(uint64_t(count));
        for (int i = count - 1; i >= 0; --i) value = value << 8 | uint8_t(taken[size_t(i)]);
        return value;
    }

    std::string line() {
        const size_t end = bytes_.find('\n', at_);
        if (end == std::string_view::npos) damaged("it ends too early");
        const std::string text(take(end - at_));
        take(1);
        return text;
    }

    Value *push(Value::Kind kind) {
        if (document_.values_.size() >= kMostValues) damaged("it holds too many values");
        Value *value = &document_.values_.emplace_back();
        value->kind = kind;
        stack_.push_back(value);
        return value;
    }

    void push_number(Value::Kind kind, int64_t number) { push(kind)->number = number; }

    void push_long() {
        const uint64_t count = little(1);
        if (count > 8) damaged("a number has " + std::to_string(count) + " bytes");
        uint64_t value = little(int(count));
        // Two's complement of `count` bytes.
        if (count > 0 && count < 8 && (value >> (8 * count - 1)) != 0) value |= ~uint64_t(0) << (8 * count);
        push_number(Value::integer, int64_t(value));
    }

    void push_real() {
        uint64_t bits = 0;
        for (const char byte : take(8)) bits = bits << 8 | uint8_t(byte);
        std::memcpy(&push(Value::real)->fraction, &bits, sizeof bits);
    }

    void push_text(std::string_view text) { push(Value::text)->string = text; }

    // Only these names are known, so nothing else can be made or called.
    void push_global(const std::string &module, const std::string &name) {
        const bool storage = module == "torch" && name.size() > 7 && name.compare(name.size() - 7, 7, "Storage") == 0;
        const std::string full = module + " " + name;
        if (!storage && full != "collections OrderedDict" && full != "torch._utils _rebuild_tensor_v2" &&
            full != "torch._utils _rebuild_parameter")
            damaged("it asks for " + full + ", which no model file needs");
        push(Value::global)->string = storage ? name : full;
    }

    void global_by_lines() {
        const std::string module = line(), name = line();
        push_global(module, name);
    }

    void stack_global() {
        const auto names = top(2);
        if (names[0]->kind != Value::text || names[1]->kind != Value::text) damaged("a name is no text");
        push_global(names[0]->string, names[1]->string);
    }

    Value *peek() const {
        if (stack_.empty() || (!marks_.empty() && stack_.size() == marks_.back())) damaged("its stack runs empty");
        return stack_.back();
    }

    Value *pop() {
        Value *value = peek();
        stack_.pop_back();
        return value;
    }

    std::vector<Value *> top(size_t count) {
        std::vector<Value *> values(count);
        for (size_t i = count; i > 0; --i) values[i - 1] = pop();
        return values;
    }

    std::vector<Value *> since_mark() {
        if (marks_.empty()) damaged("a mark is missing");
        std::vector<Value *> values(stack_.begin() + int64_t(marks_.back()), stack_.end());
        stack_.resize(marks_.back());
        marks_.pop_back();
        return values;
    }

    void gather(Value::Kind kind, std::vector<Value *> items) { push(kind)->items = std::move(items); }

    void extend(const std::vector<Value *> &items) {
        if (peek()->kind != Value::list) damaged("it appends to what is no list");
        peek()->items.insert(peek()->items.end(), items.begin(), items.end());
    }

    void assign(const std::vector<Value *> &items) {
        if (peek()->kind != Value::dictionary || items.size() % 2 != 0) damaged("it assigns to what is no dictionary");
        for (size_t i = 0; i < items.size(); i += 2) peek()->pairs.emplace_back(items[i], items[i + 1]);
    }

    void recall(uint64_t key) {
        const auto found = memo_.find(key);
        if (found == memo_.end()) damaged("it recalls what it never stored");
        stack_.push_back(found->second);
    }

    /// ("storage", type, key, location, numbers), and before torch 1.6 what it is a view of: nothing
    void persistent() {
        const auto &items = pop()->items;
        const bool is_whole = items.size() == 5 || (items.size() == 6 && items[5]->kind == Value::nothing);
        if (!is_whole || items[0]->kind != Value::text || items[0]->string != "storage" ||
            items[1]->kind != Value::global || items[2]->kind != Value::text || items[4]->kind != Value::integer)
            damaged("a storage is not described as one");
        // Each is copied, and one key may be recalled a million times.
        if (items[1]->string.size() > 64 || items[2]->string.size() > 64) damaged("the key of a storage is too long");
        Tensor &view = push(Value::storage)->view;
        view.storage_type = items[1]->string;
        view.storage_key = items[2]->string;
        view.storage_numbers = items[4]->number;
    }

    void reduce() {
        const auto call = top(2);
        if (call[0]->kind != Value::global || call[1]->kind != Value::tuple) damaged("it calls what is no function");
        const auto &arguments = call[1]->items;
        if (call[0]->string == "collections OrderedDict") {
            if (!arguments.empty()) damaged("an OrderedDict begins with something in it");
            push(Value::dictionary);
        } else if (call[0]->string == "torch._utils _rebuild_parameter") {
            if (arguments.empty() || arguments[0]->kind != Value::tensor) damaged("a parameter is no tensor");
            stack_.push_back(arguments[0]);
        } else if (call[0]->string == "torch._utils _rebuild_tensor_v2") {
            rebuild(arguments);
        } else {
            damaged("it calls " + call[0]->string);
        }
    }

    /// (storage, offset, sizes, strides, requires_grad, hooks, …)
    void rebuild(const std::vector<Value *> &arguments) {
        if (arguments.size() < 4 || arguments[0]->kind != Value::storage || arguments[1]->kind != Value::integer)
            damaged("a tensor is not described as one");
        Tensor view = arguments[0]->view;
        view.offset = arguments[1]->number;
        view.sizes = integers(*arguments[2]);
        view.strides = integers(*arguments[3]);
        push(Value::tensor)->view = view;
    }

    static std::vector<int64_t> integers(const Value &tuple) {
        if (tuple.kind != Value::tuple || tuple.items.size() > 8) damaged("a shape is no tuple");
        std::vector<int64_t> numbers;
        for (const Value *item : tuple.items) {
            if (item->kind != Value::integer) damaged("a shape is not of whole numbers");
            numbers.push_back(item->number);
        }
        return numbers;
    }

    std::string_view bytes_;
    size_t at_ = 0;
    Document &document_;
    std::vector<Value *> stack_;
    std::vector<size_t> marks_;
    std::unordered_map<uint64_t, Value *> memo_;
};

Document::Document(std::string_view bytes, size_t *end) {
    Reader reader(bytes, *this);
    root_ = reader.run();
    if (end != nullptr) *end = reader.place();
}

}  // namespace opnilog::pickle
