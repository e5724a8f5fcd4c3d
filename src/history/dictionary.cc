#include "history/dictionary.h"

#include "base/check.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t checksum_bytes = 4;

std::uint32_t checksum_of(std::string_view key, std::string_view record) {
    return static_cast<std::uint32_t>(hash64(record, hash64(key)));
}

Result<Series> parse_unnamed(std::string_view key, std::string_view record) {
    Reader id_in(as_bytes(key));
    TRY(const auto id, id_in.take_be<std::uint64_t>());
    if (!id_in.at_end() || record.size() < checksum_bytes) return fail(Code::corrupt, "length");
    const auto covered = record.substr(0, record.size() - checksum_bytes);
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

SeriesEntry* Dictionary::series(SeriesId id) {
    const auto at = by_id_.find(id);
    return at == by_id_.end() ? nullptr : at->second;
}

SeriesEntry& Dictionary::add(MachineEntry& machine, std::string_view tag, SeriesId id, Kind kind) {
    const auto [at, is_new] = machine.series.try_emplace(std::string(tag));
    CHECK(is_new);
    SeriesEntry& entry = at->second;
    entry.id = id;
    entry.machine = &machine;
    entry.tag = at->first;
    entry.kind = kind;
    CHECK(by_id_.emplace(id, &entry).second);
    return entry;
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
    auto series = parse_unnamed(key, record);
    if (series) return series;
    const Code code = series.error().code == Code::unsupported ? Code::unsupported : Code::corrupt;
    return fail(code, "series " + to_hex(as_bytes(key)) + ": " + series.error().context);
}

Result<void> load_dictionaries(store::Store& store, std::span<Dictionary* const> by_shard) {
    const auto cursor = store.scan(store::Family::history_series, "", "");
    for (; cursor->is_valid(); cursor->next()) {
        TRY(const Series series, parse_series(cursor->key(), cursor->value()));
        const std::uint64_t hash = owner_hash(series.organisation, series.machine);
        Dictionary& mine = *by_shard[hash % by_shard.size()];
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
