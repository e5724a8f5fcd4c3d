#include "identity/registry.h"

#include <algorithm>

#include "identity/statistics.h"
#include "base/check.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

using handle::Answer;
using handle::Reference;
using handle::Value;

constexpr std::string_view prefix_root = "0.NA";
// Before the data of an HS_SECKEY value that is sealed. Those of earlier versions are not.
constexpr std::string_view sealed_mark("\0sealed1", 8);

std::string seal_place(std::string_view name, std::uint32_t index) {
    return "HS_SECKEY/" + std::to_string(index) + ":" + std::string(name);
}
// Of a record's key.
std::string_view prefix_in(std::string_view key) {
    return key.substr(1, key.find('/') - 1);
}
constexpr std::size_t templates_max = 10'000;  // kept on each shard

bool is_site(std::string_view type, bool of_derived) {
    if (of_derived)
        return type == "HS_SITE.PREFIX" || type == "HS_SERV.PREFIX" || type == "HS_NA_DELEGATE";
    return type == "HS_SITE" || type == "HS_SITE.6" || type == "HS_SERV";
}

}  // namespace

Registry::Registry(store::Store& store, io::Shards& shards, std::vector<store::Lane*> lanes,
                   Settings settings, Limits limits)
    : store_(store),
      shards_(shards),
      lanes_(std::move(lanes)),
      settings_(settings),
      limits_(limits),
      on_shard_(shards) {}

Result<std::unique_ptr<Registry>> Registry::open(store::Store& store, io::Shards& shards,
                                                 std::vector<store::Lane*> lanes,
                                                 Settings settings, Limits limits) {
    std::unique_ptr<Registry> out(
        new Registry(store, shards, std::move(lanes), settings, limits));
    TRY_VOID(out->load());
    return out;
}

Result<void> Registry::load() {
    Homes homes;
    const KeyRange home_range = all_homes();
    const auto home = store_.scan(store::Family::identity, home_range.from, home_range.until);
    for (; home->is_valid(); home->next()) homes.emplace(home->key().substr(1));
    TRY_VOID(home->status());
    // Of a run with more shards: the first keeps what none of these shards counted.
    std::vector<std::map<std::string, std::int64_t, std::less<>>> counts(shards_.size());
    const KeyRange count_range = all_counts();
    const auto count = store_.scan(store::Family::identity, count_range.from, count_range.until);
    std::vector<std::string> foreign;
    for (; count->is_valid(); count->next()) {
        const auto key = count->key();
        Reader number(as_bytes(count->value()));
        if (key.size() < 5) return fail(Code::corrupt, "a count of handles");
        Reader shard(as_bytes(key.substr(key.size() - 4)));
        TRY(const auto index, shard.take_be<std::uint32_t>());
        TRY(const auto value, number.take_be<std::uint64_t>());
        const std::string prefix(key.substr(1, key.size() - 5));
        const bool is_own = index < counts.size();
        counts[is_own ? index : 0][prefix] += static_cast<std::int64_t>(value);
        if (!is_own) foreign.emplace_back(key);
    }
    TRY_VOID(count->status());
    const auto kept = std::make_shared<const Homes>(std::move(homes));
    shards_.run_everywhere([&](io::Shard& shard) {
        const auto index = shard.index().number();
        OnShard& own = here();
        own.homes = kept;
        own.counts = std::move(counts[index]);
        store::Lane& lane = *lanes_[index];
        lane.join([this, &own, index](store::Batch& batch) { put_counts(own, index, batch); });
        if (index != 0 || foreign.empty()) return;
        for (const auto& key : foreign) lane.batch().remove(store::Family::identity, key);
        for (const auto& [prefix, number] : own.counts) own.counts_to_write.insert(prefix);
    });
    return {};
}

void Registry::put_counts(OnShard& shard, std::uint32_t index, store::Batch& batch) {
    for (const auto& prefix : shard.counts_to_write) {
        std::string value;
        Writer(value).put_be(static_cast<std::uint64_t>(shard.counts[prefix]));
        batch.put(store::Family::identity, count_key(prefix, index), value);
    }
    shard.counts_to_write.clear();
}

std::string Registry::canonical(std::string_view handle) const {
    return handle::canonical(handle, settings_.is_case_sensitive);
}

ShardIndex Registry::owner(std::string_view canonical_handle) const {
    return shards_.owner(hash64(canonical_handle));
}

bool Registry::homes(std::string_view prefix) const {
    return here().homes->contains(handle::fold(prefix));
}

std::vector<std::string> Registry::homed_prefixes() const {
    const auto& homes = *here().homes;
    return {homes.begin(), homes.end()};
}

Result<std::optional<std::vector<Value>>> Registry::values_of(std::string_view handle) const {
    return values_at(canonical(handle));
}

Result<std::optional<std::vector<Value>>> Registry::values_at(const std::string& name) const {
    TRY(const auto record, store_.get(store::Family::identity, record_key(name)));
    if (!record) return std::optional<std::vector<Value>>();
    TRY(auto values, values_in(name, *record));
    return std::optional(std::move(values));
}

// Prefix handles live under the prefixes above them: their lookup is longer.
std::optional<Registry::OwnRecord> Registry::own_record(std::string_view handle) const {
    OwnRecord out;
    append_record_key(out.key, handle, settings_.is_case_sensitive);
    if (!here().homes->contains(prefix_in(out.key))) return std::nullopt;
    auto record = store_.get(store::Family::identity, out.key);
    if (!record || !*record) return std::nullopt;
    out.bytes = std::move(**record);
    return out;
}

void Registry::note_shown(const OwnRecord& record) const {
    if (statistics_ != nullptr) statistics_->shown(prefix_in(record.key));
}

// A copied record does not open under another name.
std::string Registry::record_of(std::string_view name, const std::vector<Value>& values) const {
    const auto is_secret = [](const Value& value) { return value.type == "HS_SECKEY"; };
    if (!settings_.seal || !std::ranges::any_of(values, is_secret)) return encode_record(values);
    auto kept = values;
    for (Value& value : kept) {
        if (!is_secret(value)) continue;
        auto sealed = trust::seal(*settings_.seal, value.data, seal_place(name, value.index));
        CHECK(sealed.has_value());  // a record is shorter than what can be sealed
        value.data = std::string(sealed_mark) + *sealed;
    }
    return encode_record(kept);
}

Result<std::vector<Value>> Registry::values_in(std::string_view name,
                                               std::string_view record) const {
    TRY(auto values, decode_record(record));
    for (Value& value : values) {
        if (value.type != "HS_SECKEY" || !value.data.starts_with(sealed_mark)) continue;
        if (!settings_.seal) return fail(Code::corrupt, "a sealed HS_SECKEY, and no key to open it");
        TRY(value.data, trust::unseal(*settings_.seal,
                                      std::string_view(value.data).substr(sealed_mark.size()),
                                      seal_place(name, value.index)));
    }
    return values;
}

Result<Lookup> Registry::look_up(std::string_view handle) const {
    const std::string name = canonical(handle);
    TRY(auto found, find(handle, name));
    if (statistics_ != nullptr) statistics_->asked(name, found);
    return found;
}

Result<Lookup> Registry::find(std::string_view handle, const std::string& name) const {
    const auto [prefix, suffix] = handle::split_name(name);
    const Homes& homes = *here().homes;
    bool is_here = homes.contains(prefix);
    if (!is_here && prefix == prefix_root) {
        for (std::string_view at = suffix; !at.empty() && !is_here; at = handle::parent_prefix(at))
            is_here = homes.contains(at);
    }
    if (is_here) {
        TRY(auto values, values_at(name));
        if (values) return Lookup{Answer::success, std::move(*values), {}};
        TRY(auto computed, compute(handle, prefix));
        if (computed) return Lookup{Answer::success, std::move(*computed), {}, true};
    }
    TRY(auto beyond, look_beyond(prefix == prefix_root ? suffix : prefix));
    if (is_here && beyond.answer == Answer::not_responsible)
        beyond.answer = Answer::handle_not_found;
    return beyond;
}

// By the prefix's template from the values of the base, which must be registered.
Result<std::optional<std::vector<Value>>> Registry::compute(std::string_view handle,
                                                            std::string_view prefix) const {
    const auto nothing = std::optional<std::vector<Value>>();
    if (prefix == prefix_root) return nothing;
    const auto rule = template_of(prefix);
    const auto split = rule ? rule->split(handle) : std::nullopt;
    if (!split) return nothing;
    TRY(const auto base, values_of(split->base));
    if (!base) return nothing;
    return rule->evaluate(*split, *base);
}

std::shared_ptr<const Template> Registry::template_of(std::string_view prefix) const {
    OnShard& shard = here();
    const std::uint64_t now = prefix_changes_.count();
    if (shard.templates_at != now || shard.templates.size() > templates_max) {
        shard.templates.clear();
        shard.templates_at = now;
    }
    if (const auto found = shard.templates.find(prefix); found != shard.templates.end())
        return found->second;
    auto read = read_template(prefix);
    shard.templates.emplace(prefix, read);
    return read;
}

std::shared_ptr<const Template> Registry::read_template(std::string_view prefix) const {
    for (std::string_view at = prefix; !at.empty(); at = handle::parent_prefix(at)) {
        const auto values = values_of(handle::prefix_handle(at));
        if (!values) return nullptr;
        if (!*values) continue;
        for (const Value& value : **values) {
            if (value.type != "HS_NAMESPACE") continue;
            const auto parsed = Template::parse(value.data);
            if (parsed && *parsed) return *parsed;
        }
    }
    return nullptr;
}

// Who else may know: the nearest prefix handle above that delegates.
Result<Lookup> Registry::look_beyond(std::string_view prefix) const {
    const Homes& homes = *here().homes;
    bool is_own = true;
    for (std::string_view at = prefix; !at.empty(); at = handle::parent_prefix(at)) {
        if (homes.contains(at)) break;
        const std::string name = handle::prefix_handle(at);
        TRY(auto values, values_of(name));
        if (values) {
            std::erase_if(*values, [&](const Value& value) {
                return !is_site(value.type, !is_own) || !value.is(handle::permission::public_read);
            });
            if (!values->empty())
                return Lookup{is_own ? Answer::service_referral : Answer::prefix_referral,
                              std::move(*values), name};
        }
        is_own = false;
    }
    return Lookup{Answer::not_responsible, {}, {}};
}

Result<Page> Registry::list(std::string_view prefix, std::string_view after,
                            std::size_t count_max) const {
    const KeyRange range = keys_of_prefix(handle::fold(prefix));
    std::string from = range.from;
    if (!after.empty()) from = std::max(from, record_key(canonical(after)) + '\0');
    const std::size_t most = std::min(count_max, limits_.page_max);
    Page out;
    const auto at = store_.scan(store::Family::identity, from, range.until);
    for (; at->is_valid() && out.names.size() < most; at->next())
        out.names.emplace_back(at->key().substr(1));
    out.is_last = !at->is_valid();
    TRY_VOID(at->status());
    return out;
}

Result<Page> Registry::list_derived(std::string_view prefix, std::string_view after,
                                    std::size_t count_max) const {
    const std::string from = record_key(handle::prefix_handle(prefix)) + ".";
    std::string until = from;
    until.back() = '.' + 1;
    const std::string begin =
        after.empty() ? from : std::max(from, record_key(canonical(after)) + '\0');
    const std::size_t most = std::min(count_max, limits_.page_max);
    Page out;
    const auto at = store_.scan(store::Family::identity, begin, until);
    while (at->is_valid() && out.names.size() < most) {
        const auto key = at->key();
        const auto dot = key.find('.', from.size());
        if (dot == key.npos) {
            out.names.emplace_back(key.substr(1));
            at->next();
        } else {  // over everything that is derived from it
            std::string past(key.substr(0, dot + 1));
            past.back() = '.' + 1;
            at->seek(past);
        }
    }
    out.is_last = !at->is_valid();
    TRY_VOID(at->status());
    return out;
}

Result<std::vector<Transaction>> Registry::transactions(std::uint64_t after,
                                                        std::size_t count_max) const {
    const KeyRange range = all_transactions();
    std::vector<Transaction> out;
    const auto at =
        store_.scan(store::Family::identity, transaction_key(after) + '\0', range.until);
    for (; at->is_valid() && out.size() < std::min(count_max, limits_.page_max); at->next()) {
        TRY(auto one, decode_transaction(at->key(), at->value()));
        out.push_back(std::move(one));
    }
    TRY_VOID(at->status());
    return out;
}

Result<std::uint64_t> Registry::last_transaction() const {
    const KeyRange range = all_transactions();
    const auto at = store_.scan(store::Family::identity, range.from, range.until);
    at->seek_for_previous(range.until);
    TRY_VOID(at->status());
    if (!at->is_valid()) return 0;
    TRY(const auto last, decode_transaction(at->key(), at->value()));
    return last.number;
}

namespace {

bool is_same(const Reference& wanted, const Reference& who) {
    return (wanted.index == 0 || wanted.index == who.index) &&
           handle::canonical(wanted.handle, false) == handle::canonical(who.handle, false);
}

// Follows groups to their members: each record once, so that a group may contain itself.
class Membership {
public:
    Membership(const Registry& registry, const Reference& who) : registry_(registry), who_(who) {}

    bool has(const Reference& wanted) { return has(wanted, 0); }

private:
    bool has(const Reference& wanted, unsigned depth) {
        if (is_same(wanted, who_)) return true;
        const Limits& limits = registry_.limits();
        if (depth >= limits.groups_depth_max || seen_.size() >= limits.lookups_max) return false;
        const std::string name = registry_.canonical(wanted.handle);
        if (!seen_.insert({name, wanted.index}).second) return false;
        const auto values = registry_.values_of(name);
        if (!values || !*values) return false;
        for (const Value& value : **values) {
            if (value.type != "HS_VLIST") continue;
            if (wanted.index != 0 && value.index != wanted.index) continue;
            const auto members = handle::decode_vlist(as_bytes(value.data), {});
            if (!members) continue;
            for (const Reference& member : *members) {
                if (has(member, depth + 1)) return true;
            }
        }
        return false;
    }

    const Registry& registry_;
    const Reference& who_;
    std::set<std::pair<std::string, std::uint32_t>> seen_;
};

}  // namespace

std::uint16_t Registry::rights_of(const std::vector<Value>& values, const Reference& who) const {
    std::uint16_t out = 0;
    for (const Value& value : values) {
        if (value.type != "HS_ADMIN") continue;
        const auto admin = handle::decode_admin(as_bytes(value.data), {});
        if (admin && (admin->rights & ~out) != 0 && Membership(*this, who).has(admin->who))
            out |= admin->rights;
    }
    return out;
}

View Registry::party_view(std::vector<Value> values, const handle::Resolution& asked,
                          const Reference& who) const {
    View out;
    for (Value& value : values) {
        if (!handle::asks_for(asked, value.index, value.type)) continue;
        const bool is_secret = value.type == "HS_SECKEY";
        const bool is_public = value.is(handle::permission::public_read);
        Membership membership(*this, who);
        if (!is_secret && (is_public || std::ranges::any_of(value.references, [&](const auto& party) {
                return membership.has(party);
            }))) {
            out.values.push_back(std::move(value));
        } else {
            out.hides = true;
        }
    }
    return out;
}

bool Registry::may(const Authority& by, std::string_view handle,
                   const std::optional<std::vector<Value>>& values, Needed needed) const {
    if (by.is_operator || (needed.own == 0 && needed.at_prefix == 0)) return true;
    if (!by.who) return false;
    const std::uint16_t own = values ? rights_of(*values, *by.who) : std::uint16_t{0};
    auto [prefix, suffix] = handle::split_name(handle);
    std::uint16_t wanted = needed.at_prefix;
    std::string above = handle::prefix_handle(prefix);
    if (prefix == prefix_root) {  // a prefix is made by the one it is derived from
        const auto parent = handle::parent_prefix(suffix);
        above = handle::prefix_handle(parent.empty() ? prefix_root : parent);
        if ((wanted & handle::right::create_handle) != 0) wanted = handle::right::create_derived;
    }
    if (wanted == 0 && (needed.own & ~own) == 0) return true;
    const auto admins = values_of(above);
    if (!admins || !*admins) return false;
    const std::uint16_t at_prefix = rights_of(**admins, *by.who);
    return (wanted & ~at_prefix) == 0 && (needed.own & ~(own | at_prefix)) == 0;
}

}  // namespace lineshaft::identity
