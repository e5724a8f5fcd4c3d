#include "identity/rules.h"

#include <algorithm>

#include "identity/record.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Answer;
using handle::Value;
namespace right = handle::right;
namespace permission = handle::permission;

constexpr std::uint32_t index_max = 0x7fff'ffff;

// A value or a view of one.
template <class Any>
bool may_all_read(const Any& value) {
    return value.is(permission::public_read) && value.type != "HS_SECKEY";
}

bool is_family(std::string_view type, std::string_view family) {
    return type == family || (type.starts_with(family) && type[family.size()] == '.');
}

// The data of the protocol's own types must be readable, or nobody could rely on it.
bool is_well_formed(const Value& value) {
    static const handle::Limits wire;
    const Bytes data = as_bytes(value.data);
    if (value.type == "HS_ADMIN") return handle::decode_admin(data, wire).has_value();
    if (value.type == "HS_VLIST") return handle::decode_vlist(data, wire).has_value();
    if (is_family(value.type, "HS_SITE")) return handle::decode_site(data, wire).has_value();
    if (value.type == "HS_PUBKEY") {
        const auto key = handle::decode_public_key(data);
        return key.has_value() || key.error().code == Code::unsupported;
    }
    if (is_family(value.type, "HS_SERV") || value.type == "HS_ALIAS")
        return handle::check_name(value.data, wire).has_value();
    return true;
}

Outcome refused(Answer answer, std::string why, std::vector<std::uint32_t> indexes = {}) {
    Outcome out;
    out.answer = answer;
    out.message = std::move(why);
    out.indexes = std::move(indexes);
    return out;
}

// Of values a client wants to write: success, or why not.
Outcome judge_values(const std::vector<Value>& values) {
    std::vector<std::uint32_t> seen;
    for (const Value& value : values) {
        if (value.index == 0 || value.index > index_max)
            return refused(Answer::invalid_value, "an index is not in 1..2147483647",
                           {value.index});
        if (value.type.empty())
            return refused(Answer::invalid_value, "a value without a type", {value.index});
        if (!is_utf8(value.type))
            return refused(Answer::invalid_value, "a type is no UTF-8", {value.index});
        if (!is_well_formed(value))
            return refused(Answer::invalid_value, "the data is no " + value.type, {value.index});
        seen.push_back(value.index);
    }
    std::ranges::sort(seen);
    if (const auto twice = std::ranges::adjacent_find(seen); twice != seen.end())
        return refused(Answer::value_exists, "an index stands there twice", {*twice});
    return {};
}

Value written(Value value, std::uint32_t now_s) {
    value.timestamp_s = now_s;
    value.permissions &= 0x0f;
    if (value.type == "HS_SECKEY")
        value.permissions &= static_cast<std::uint8_t>(
            ~(permission::public_read | permission::public_write));
    return value;
}

bool is_admin(const Value& value) {
    return value.type == "HS_ADMIN";
}
bool any_admin(const std::vector<Value>& values) {
    return std::ranges::any_of(values, is_admin);
}

Value* find(std::vector<Value>& values, std::uint32_t index) {
    const auto found = std::ranges::find(values, index, &Value::index);
    return found == values.end() ? nullptr : &*found;
}

class Judge {
public:
    Judge(const std::optional<std::vector<Value>>& before, const Change& change,
          std::uint32_t now_s)
        : before_(before), change_(change), now_s_(now_s) {}

    Decision decide() {
        using enum Change::Kind;
        if (change_.kind != remove && change_.kind != remove_values) {
            out_.outcome = judge_values(change_.values);
            if (!out_.outcome.is_good()) return std::move(out_);
        }
        const bool makes = change_.kind == create || change_.kind == replace_values;
        if (!before_ && !makes) {
            out_.outcome = refused(Answer::handle_not_found, "");
            return std::move(out_);
        }
        out_.outcome.is_new = !before_;
        switch (change_.kind) {
            case create: write_whole(change_.overwrites); break;
            case replace_values: write_whole(true); break;
            case remove: out_.needed.own = right::delete_handle; break;
            case add_values: add(); break;
            case remove_values: take_away(); break;
            case modify_values: modify(); break;
        }
        std::ranges::sort(out_.values, {}, &Value::index);
        return std::move(out_);
    }

private:
    void refuse(Answer answer, std::string why, std::uint32_t index) {
        if (out_.outcome.is_good()) out_.outcome = refused(answer, std::move(why), {index});
    }

    void write_whole(bool overwrites) {
        if (before_ && !overwrites) {
            out_.outcome = refused(Answer::handle_exists, "");
            return;
        }
        if (change_.values.empty()) {
            out_.outcome = refused(Answer::invalid_value, "a handle needs a value");
            return;
        }
        out_.needed.at_prefix = right::create_handle;
        if (before_) out_.needed.own = right::delete_handle;
        for (const Value& value : change_.values) out_.values.push_back(written(value, time_of(value)));
    }

    void add() {
        out_.values = *before_;
        out_.needed.own = right::add_value;
        if (any_admin(change_.values)) out_.needed.own |= right::add_admin;
        for (const Value& value : change_.values) {
            Value* there = find(out_.values, value.index);
            if (there == nullptr) {
                out_.values.push_back(written(value, time_of(value)));
            } else if (change_.overwrites) {
                replace(*there, value);
            } else {
                refuse(Answer::value_exists, "the index is taken", value.index);
            }
        }
    }

    void modify() {
        out_.values = *before_;
        for (const Value& value : change_.values) {
            Value* there = find(out_.values, value.index);
            if (there == nullptr) {
                refuse(Answer::values_not_found, "no value has that index", value.index);
            } else {
                replace(*there, value);
            }
        }
    }

    void replace(Value& there, const Value& value) {
        if (!there.is(permission::admin_write))
            refuse(Answer::not_permitted, "the value is not to be written", value.index);
        out_.needed.own |= right::modify_value;
        if (is_admin(there) || is_admin(value)) out_.needed.own |= right::modify_admin;
        there = written(value, time_of(value));
    }

    void take_away() {
        out_.values = *before_;
        if (change_.indexes.empty()) {
            out_.outcome = refused(Answer::invalid_value, "no index");
            return;
        }
        out_.needed.own = right::remove_value;
        for (const std::uint32_t index : change_.indexes) {
            Value* there = find(out_.values, index);
            if (there == nullptr) {
                refuse(Answer::values_not_found, "no value has that index", index);
                continue;
            }
            if (!there->is(permission::admin_write))
                refuse(Answer::not_permitted, "the value is not to be written", index);
            if (is_admin(*there)) out_.needed.own |= right::remove_admin;
            out_.values.erase(out_.values.begin() + (there - out_.values.data()));
        }
        if (out_.values.empty() && out_.outcome.is_good())
            out_.outcome = refused(Answer::invalid_value, "a handle needs a value: delete it");
    }

    std::uint32_t time_of(const Value& value) const {
        return change_.keeps_times ? value.timestamp_s : now_s_;
    }

    const std::optional<std::vector<Value>>& before_;
    const Change& change_;
    const std::uint32_t now_s_;
    Decision out_;
};

}  // namespace

Decision decide(const std::optional<std::vector<Value>>& before, const Change& change,
                std::uint32_t now_s, const Limits& limits) {
    Decision out = Judge(before, change, now_s).decide();
    if (!out.outcome.is_good()) return out;
    std::size_t bytes = 0;
    for (const Value& value : out.values) {
        std::string wire;
        handle::put(wire, value);
        bytes += wire.size();
    }
    if (out.values.size() > limits.values_max || bytes > limits.record_bytes_max)
        out.outcome = refused(Answer::invalid_value, "the handle's values are too many or too long");
    return out;
}

View public_view(std::vector<Value> values, const handle::Resolution& asked) {
    View out;
    for (Value& value : values) {
        if (!handle::asks_for(asked, value.index, value.type)) continue;
        if (may_all_read(value)) {
            out.values.push_back(std::move(value));
        } else {
            out.hides = true;
        }
    }
    return out;
}

Result<bool> show_public(std::string_view record, const handle::Resolution& asked,
                         handle::HandleValuesWriter& out) {
    bool hides = false;
    TRY(auto in, RecordReader::open(record));
    while (in.left() > 0) {
        TRY(const auto value, in.next());
        if (!handle::asks_for(asked, value.index, value.type)) continue;
        if (may_all_read(value)) {
            out.add(value);
        } else {
            hides = true;
        }
    }
    return hides;
}

std::vector<Value> admin_view(std::vector<Value> values, const handle::Resolution& asked) {
    std::erase_if(values, [&](const Value& value) {
        return !handle::asks_for(asked, value.index, value.type) || value.type == "HS_SECKEY" ||
               !(value.is(permission::admin_read) || value.is(permission::public_read));
    });
    return values;
}

Value default_admin(std::string_view prefix, std::uint32_t now_s) {
    Value out;
    out.index = 100;
    out.timestamp_s = now_s;
    out.type = "HS_ADMIN";
    out.data = handle::encode(handle::Admin{right::all, {handle::prefix_handle(prefix), 300}});
    return out;
}

}  // namespace lineshaft::identity
