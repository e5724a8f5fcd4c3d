#include "history/dictionary.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t record_checksum_bytes = 4;

std::uint32_t checksum_of(std::string_view key, std::string_view record) {
    return static_cast<std::uint32_t>(hash64(record, hash64(key)));
}

Result<Series> parse_series_record(std::string_view key, std::string_view record) {
    Reader id_in(as_bytes(key));
    TRY(const auto id, id_in.take_be<std::uint64_t>());
    if (!id_in.at_end() || record.size() < record_checksum_bytes)
        return fail(Code::corrupt, "length");
    const auto covered = record.substr(0, record.size() - record_checksum_bytes);
    Reader tail(as_bytes(record.substr(covered.size())));
    TRY(const auto checksum, tail.take_le<std::uint32_t>());
    if (checksum != checksum_of(key, covered)) return fail(Code::corrupt, "bad checksum");
    Reader in(as_bytes(covered));
    TRY(const auto layout, in.take_le<std::uint8_t>());
    TRY(const auto kind, in.take_le<std::uint8_t>());
    if (layout != version || kind > 3) return fail(Code::unsupported, "a later program's record");
    TRY(const auto organisation, in.take_le<std::uint32_t>());
    TRY(const auto machine_bytes, in.take_varint());
    TRY(const Bytes machine, in.take(machine_bytes));
    return Series{SeriesId(id), OrganisationId(organisation), std::string(as_text(machine)),
                  std::string(as_text(in.rest())), static_cast<Kind>(kind)};
}

}  // namespace

bool SeriesTable::add(SeriesId id, SeriesEntry* entry) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    std::size_t at = place_of(id);
    for (; slots_[at].entry != nullptr; at = next(at)) {
        if (slots_[at].id == id) return false;
    }
    slots_[at] = {id, entry};
    ++size_;
    return true;
}

void SeriesTable::grow() {
    constexpr std::size_t slots_min = 64;
    const auto before =
        std::exchange(slots_, std::vector<Slot>(std::max(slots_min, 2 * slots_.size())));
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots_.size()));
    for (const Slot& slot : before) {
        if (slot.entry == nullptr) continue;
        std::size_t at = place_of(slot.id);
        while (slots_[at].entry != nullptr) at = next(at);
        slots_[at] = slot;
    }
}

// What stands behind the gap moves up where that brings it no further from its place than it was.
void SeriesTable::remove(SeriesId id) {
    if (slots_.empty()) return;
    std::size_t gap = place_of(id);
    while (slots_[gap].entry != nullptr && slots_[gap].id != id) gap = next(gap);
    if (slots_[gap].entry == nullptr) return;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = next(gap); slots_[at].entry != nullptr; at = next(at)) {
        const std::size_t place = place_of(slots_[at].id);
        if (((at - place) & mask) < ((at - gap) & mask)) continue;
        slots_[gap] = slots_[at];
        gap = at;
    }
    slots_[gap] = {};
    --size_;
}

MachineEntry* Dictionary::machine(OrganisationId organisation, std::string_view name) {
    const auto at = machines_.find(View{organisation, name});
    return at == machines_.end() ? nullptr : &at->second;
}

MachineEntry& Dictionary::machine_or_new(OrganisationId organisation, std::string_view name) {
    if (MachineEntry* known = machine(organisation, name)) return *known;
    const auto at = machines_.try_emplace(Key{organisation, std::string(name)}).first;
    at->second.organisation = organisation;
    at->second.name = at->first.name;
    return at->second;
}

SeriesEntry* Dictionary::series(MachineEntry& machine, std::string_view tag) {
    const auto at = machine.series.find(tag);
    return at == machine.series.end() ? nullptr : &at->second;
}

SeriesEntry& Dictionary::add(MachineEntry& machine, std::string_view tag, SeriesId id, Kind kind) {
    const auto [at, is_new] = machine.series.try_emplace(std::string(tag));
    CHECK(is_new);
    SeriesEntry& entry = at->second;
    entry.id = id;
    entry.machine = &machine;
    entry.tag = at->first;
    entry.kind = kind;
    CHECK(by_id_.add(id, &entry));
    return entry;
}

Condemned* Dictionary::condemned(OrganisationId organisation, std::string_view machine) {
    const auto at = condemned_.find(View{organisation, machine});
    return at == condemned_.end() ? nullptr : at->second.get();
}

// Rounds under way point at entries, so their nodes move and they themselves do not.
Condemned& Dictionary::condemn(const Erasure& what) {
    Condemned* to = condemned(what.organisation, what.machine);
    if (to == nullptr) {
        auto& made = condemned_[Key{what.organisation, what.machine}];
        made = std::make_unique<Condemned>();
        to = made.get();
        to->what = what;
        to->entry.organisation = what.organisation;
        to->entry.name = to->what.machine;
        to->entry.is_condemned = true;
    }
    to->what.before = std::max(to->what.before, what.before);
    const auto machine_at = machines_.find(View{what.organisation, what.machine});
    if (machine_at == machines_.end()) return *to;
    MachineEntry& from = machine_at->second;
    for (auto at = from.series.begin(); at != from.series.end();) {
        const auto next = std::next(at);
        if (at->second.id.number() < what.before) {
            at->second.machine = &to->entry;
            to->gone.push_back(from.series.extract(at));
            ++condemned_series_;
        }
        at = next;
    }
    if (from.series.empty()) machines_.erase(machine_at);
    return *to;
}

SeriesEntry& Dictionary::add_condemned(Condemned& machine, std::string_view tag, SeriesId id,
                                       Kind kind) {
    ++condemned_series_;
    MachineEntry one;  // a machine that is erased twice may have a tag twice
    SeriesEntry& entry = add(one, tag, id, kind);
    entry.machine = &machine.entry;
    machine.gone.push_back(one.series.extract(one.series.begin()));
    return entry;
}

void Dictionary::forget(OrganisationId organisation, std::string_view machine) {
    const auto at = condemned_.find(View{organisation, machine});
    if (at == condemned_.end()) return;
    for (const auto& node : at->second->gone) by_id_.remove(node.mapped().id);
    condemned_series_ -= at->second->gone.size();
    condemned_.erase(at);
}

Series Dictionary::described(const SeriesEntry& entry) const {
    return {entry.id, entry.machine->organisation, std::string(entry.machine->name),
            std::string(entry.tag), entry.kind};
}

std::string series_key(SeriesId id) {
    std::string key;
    Writer(key).put_be(id.number());
    return key;
}

std::string series_record(const SeriesEntry& entry) {
    std::string record;
    Writer write(record);
    write.put_le(version);
    write.put_le(static_cast<std::uint8_t>(entry.kind));
    write.put_le(entry.machine->organisation.number());
    write.put_varint(entry.machine->name.size());
    write.put(entry.machine->name);
    write.put(entry.tag);
    write.put_le(checksum_of(series_key(entry.id), record));
    return record;
}

Result<Series> parse_series(std::string_view key, std::string_view record) {
    auto series = parse_series_record(key, record);
    if (series) return series;
    const Code code = series.error().code == Code::unsupported ? Code::unsupported : Code::corrupt;
    return fail(code, "series " + to_hex(as_bytes(key)) + ": " + series.error().context);
}

namespace {

std::string checked(const std::string& key, std::string record) {
    Writer(record).put_le(checksum_of(key, record));
    return record;
}

// The numbers of a record as checked() makes it: version, then `count` of 8 bytes.
Result<std::vector<std::uint64_t>> numbers_of(std::string_view key, std::string_view record,
                                              std::size_t count) {
    if (record.size() != 1 + 8 * count + record_checksum_bytes)
        return fail(Code::corrupt, "length");
    const auto covered = record.substr(0, record.size() - record_checksum_bytes);
    Reader tail(as_bytes(record.substr(covered.size())));
    TRY(const auto checksum, tail.take_le<std::uint32_t>());
    if (checksum != checksum_of(key, covered)) return fail(Code::corrupt, "bad checksum");
    Reader in(as_bytes(covered));
    TRY(const auto layout, in.take_le<std::uint8_t>());
    if (layout != version) return fail(Code::unsupported, "a later program's record");
    std::vector<std::uint64_t> numbers(count);
    for (auto& number : numbers) {
        TRY(number, in.take_le<std::uint64_t>());
    }
    return numbers;
}

Result<void> load_erasures(store::Store& store, std::span<Dictionary* const> by_shard) {
    const auto cursor = store.scan(store::Family::history_series, erasure_keys, "");
    for (; cursor->is_valid(); cursor->next()) {
        TRY(const Erasure what, parse_erasure(cursor->key(), cursor->value()));
        const std::uint64_t hash = owner_hash(what.organisation, what.machine);
        by_shard[hash % by_shard.size()]->condemn(what);
    }
    return cursor->status();
}

}  // namespace

std::string erasure_key(const Erasure& what) {
    std::string key(erasure_keys);
    Writer write(key);
    write.put_be(what.organisation.number());
    write.put(what.machine);
    return key;
}

std::string erasure_record(const Erasure& what) {
    std::string record;
    Writer write(record);
    write.put_le(version);
    write.put_le(what.before);
    return checked(erasure_key(what), std::move(record));
}

Result<Erasure> parse_erasure(std::string_view key, std::string_view record) {
    Reader in(as_bytes(key));
    TRY(const auto kind, in.take_be<std::uint8_t>());
    TRY(const auto organisation, in.take_be<std::uint32_t>());
    auto numbers = numbers_of(key, record, 1);
    if (!numbers) return std::unexpected(numbers.error().in("erasure " + to_hex(as_bytes(key))));
    if (kind != 0xff) return fail(Code::corrupt, "erasure " + to_hex(as_bytes(key)) + ": key");
    return Erasure{OrganisationId(organisation), std::string(as_text(in.rest())), numbers->front()};
}

std::string litter_key(const Litter& litter, std::uint64_t ticket) {
    std::string key(litter_keys);
    Writer write(key);
    write.put_be(litter.month);
    write.put_be(ticket);
    return key;
}

std::string litter_record(const std::string& key, const Litter& litter) {
    std::string record;
    Writer write(record);
    write.put_le(version);
    write.put_le(litter.from);
    write.put_le(litter.until);
    return checked(key, std::move(record));
}

Result<Litter> parse_litter(std::string_view key, std::string_view record) {
    Reader in(as_bytes(key));
    TRY(const auto kind, in.take_be<std::uint8_t>());
    TRY(const auto month, in.take_be<std::uint16_t>());
    auto numbers = numbers_of(key, record, 2);
    if (!numbers) return std::unexpected(numbers.error().in("litter " + to_hex(as_bytes(key))));
    if (kind != 0xfe) return fail(Code::corrupt, "litter " + to_hex(as_bytes(key)) + ": key");
    return Litter{month, (*numbers)[0], (*numbers)[1]};
}

Result<void> load_dictionaries(store::Store& store, std::span<Dictionary* const> by_shard) {
    TRY_VOID(load_erasures(store, by_shard));
    const auto cursor = store.scan(store::Family::history_series, "", sweep_key);
    for (; cursor->is_valid(); cursor->next()) {
        TRY(const Series series, parse_series(cursor->key(), cursor->value()));
        const std::uint64_t hash = owner_hash(series.organisation, series.machine);
        Dictionary& mine = *by_shard[hash % by_shard.size()];
        Condemned* going = mine.condemned(series.organisation, series.machine);
        if (going != nullptr && series.id.number() < going->what.before) {
            mine.add_condemned(*going, series.tag, series.id, series.kind).is_stored = true;
            continue;
        }
        MachineEntry& machine = mine.machine_or_new(series.organisation, series.machine);
        if (Dictionary::series(machine, series.tag) != nullptr) {
            return fail(Code::corrupt,
                        "series " + to_hex(as_bytes(cursor->key())) + ": a tag twice");
        }
        mine.add(machine, series.tag, series.id, series.kind).is_stored = true;
    }
    return cursor->status();
}

}  // namespace lineshaft::history
