#include "history/keep.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/hash.h"
#include "history/chunk_header.h"
#include "history/days.h"
#include "history/dictionary.h"
#include "history/keys.h"

namespace lineshaft::history {
namespace {

constexpr std::uint8_t keep_version = 1;
constexpr std::size_t keep_checksum_bytes = 4;
constexpr std::size_t rule_name_bytes_max = 64;

std::string keep_checked(std::string_view key, std::string record) {
    Writer(record).put_le(static_cast<std::uint32_t>(hash64(record, hash64(key))));
    return record;
}

// What the checksum covers, behind the version.
Result<Reader> keep_covered(std::string_view key, std::string_view record) {
    if (record.size() < 1 + keep_checksum_bytes) return fail(Code::corrupt, "length");
    const auto covered = record.substr(0, record.size() - keep_checksum_bytes);
    Reader tail(as_bytes(record.substr(covered.size())));
    TRY(const auto checksum, tail.take_le<std::uint32_t>());
    if (checksum != static_cast<std::uint32_t>(hash64(covered, hash64(key))))
        return fail(Code::corrupt, "bad checksum");
    Reader in(as_bytes(covered));
    TRY(const auto layout, in.take_le<std::uint8_t>());
    if (layout != keep_version) return fail(Code::unsupported, "a later program's record");
    return in;
}

void put_text(Writer& write, std::string_view text) {
    write.put_varint(text.size());
    write.put(text);
}
void put_texts(Writer& write, const std::vector<std::string>& texts) {
    write.put_varint(texts.size());
    for (const auto& text : texts) put_text(write, text);
}
Result<std::string> take_text(Reader& in) {
    TRY(const auto size, in.take_varint());
    TRY(const Bytes bytes, in.take(size));
    return std::string(as_text(bytes));
}
Result<std::vector<std::string>> take_texts(Reader& in) {
    TRY(const auto count, in.take_varint());
    if (count > in.left()) return fail(Code::corrupt, "count of patterns");
    std::vector<std::string> texts(count);
    for (auto& text : texts) {
        TRY(text, take_text(in));
    }
    return texts;
}
Result<std::uint32_t> take_number(Reader& in) {
    TRY(const auto number, in.take_varint());
    if (number > UINT32_MAX) return fail(Code::corrupt, "number");
    return static_cast<std::uint32_t>(number);
}

Result<KeepRules> take_rules(std::string_view key, std::string_view record) {
    TRY(Reader in, keep_covered(key, record));
    TRY(const auto count, in.take_varint());
    if (count > in.left()) return fail(Code::corrupt, "count of rules");
    KeepRules rules(count);
    for (KeepRule& rule : rules) {
        TRY(rule.name, take_text(in));
        TRY(rule.tags, take_texts(in));
        TRY(rule.machines, take_texts(in));
        TRY(rule.keep_days, take_number(in));
        TRY(rule.full_days, take_number(in));
        TRY(rule.resolution_s, take_number(in));
    }
    if (!in.at_end()) return fail(Code::corrupt, "bytes left over");
    return rules;
}

Result<void> check_patterns(std::string_view rule, std::string_view what,
                            const std::vector<std::string>& patterns, const KeepLimits& limits) {
    const std::string where = "class " + std::string(rule) + ": " + std::string(what);
    if (patterns.size() > limits.patterns_max)
        return fail(Code::invalid, where + ": at most " + std::to_string(limits.patterns_max));
    for (const auto& pattern : patterns) {
        if (pattern.empty() || pattern.size() > limits.pattern_bytes_max || !is_utf8(pattern)) {
            return fail(Code::invalid, where + ": a pattern is 1 to " +
                                           std::to_string(limits.pattern_bytes_max) + " bytes of UTF-8");
        }
    }
    return {};
}

Result<void> check(const KeepRule& rule, const KeepLimits& limits) {
    if (rule.name.empty() || rule.name.size() > rule_name_bytes_max || !is_utf8(rule.name))
        return fail(Code::invalid, "the name of a class is 1 to 64 bytes of UTF-8");
    const std::string where = "class " + rule.name + ": ";
    if (rule.tags.empty()) return fail(Code::invalid, where + "no pattern of tags; * is all of them");
    TRY_VOID(check_patterns(rule.name, "tags", rule.tags, limits));
    TRY_VOID(check_patterns(rule.name, "machines", rule.machines, limits));
    if (rule.keep_days > limits.days_max || rule.full_days > limits.days_max)
        return fail(Code::invalid, where + "at most " + std::to_string(limits.days_max) + " days");
    if (rule.resolution_s > limits.resolution_s_max)
        return fail(Code::invalid, where + "a resolution of at most a day");
    if (rule.full_days != 0 && rule.resolution_s == 0)
        return fail(Code::invalid, where + "full_days says when; resolution_s must say to what");
    if (rule.keep_days != 0 && rule.resolution_s != 0 && rule.full_days >= rule.keep_days)
        return fail(Code::invalid, where + "what expires first is never thinned: full_days must be less than keep_days");
    return {};
}

std::string series_bound(Month month, std::uint64_t series) {
    std::string key;
    Writer write(key);
    write.put_be(month);
    write.put_be(series);
    return key;
}

}  // namespace

Result<void> check(const KeepRules& rules, const KeepLimits& limits) {
    if (rules.size() > limits.rules_max)
        return fail(Code::invalid, "at most " + std::to_string(limits.rules_max) + " classes");
    std::set<std::string_view> names;
    for (const KeepRule& rule : rules) {
        TRY_VOID(check(rule, limits));
        if (!names.insert(rule.name).second)
            return fail(Code::invalid, "class " + rule.name + " is there twice");
    }
    return {};
}

// On a mismatch the last star takes one byte more.
bool fits(std::string_view pattern, std::string_view text) {
    std::size_t at = 0, in = 0, star = std::string_view::npos, taken = 0;
    while (in < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            taken = in;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[in])) {
            ++at;
            ++in;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            in = ++taken;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

const KeepRule* rule_of(const KeepRules& rules, std::string_view machine, std::string_view tag) {
    const auto one_fits = [](const std::vector<std::string>& patterns, std::string_view text) {
        return std::ranges::any_of(patterns, [&](const auto& one) { return fits(one, text); });
    };
    if (tag.starts_with('$')) return nullptr;
    for (const KeepRule& rule : rules) {
        if (!rule.machines.empty() && !one_fits(rule.machines, machine)) continue;
        if (one_fits(rule.tags, tag)) return &rule;
    }
    return nullptr;
}

const KeepRule* KeepTable::rule_of(OrganisationId organisation, std::string_view machine,
                                   std::string_view tag) const {
    const auto at = rules.find(organisation);
    return at == rules.end() ? nullptr : history::rule_of(at->second, machine, tag);
}

Instant kept_from(const KeepRule* rule, Instant now) {
    if (rule == nullptr || rule->keep_days == 0) return {INT64_MIN};
    return std::max(start_of_day(day_of(now) - rule->keep_days), instant_min);
}

Instant thinned_until(const KeepRule* rule, Instant now) {
    if (rule == nullptr || rule->resolution_s == 0) return {INT64_MIN};
    const Instant day = start_of_day(day_of(now) - rule->full_days);
    return day < instant_min ? instant_min : start_of(month_of(std::min(day, instant_max)));
}

std::string keep_key(OrganisationId organisation) {
    std::string key(keep_keys);
    Writer(key).put_be(organisation.number());
    return key;
}

std::string keep_record(OrganisationId organisation, const KeepRules& rules) {
    std::string record;
    Writer write(record);
    write.put_le(keep_version);
    write.put_varint(rules.size());
    for (const KeepRule& rule : rules) {
        put_text(write, rule.name);
        put_texts(write, rule.tags);
        put_texts(write, rule.machines);
        write.put_varint(rule.keep_days);
        write.put_varint(rule.full_days);
        write.put_varint(rule.resolution_s);
    }
    return keep_checked(keep_key(organisation), std::move(record));
}

Result<KeepRules> parse_keep(std::string_view key, std::string_view record) {
    auto rules = take_rules(key, record);
    if (rules) return rules;
    const Code code = rules.error().code == Code::unsupported ? Code::unsupported : Code::corrupt;
    return fail(code, "retention " + to_hex(as_bytes(key)) + ": " + rules.error().context);
}

std::string sweep_record(std::int64_t day) {
    std::string record;
    Writer write(record);
    write.put_le(keep_version);
    write.put_le(static_cast<std::uint64_t>(day));
    return keep_checked(sweep_key, std::move(record));
}

Result<std::int64_t> parse_sweep(std::string_view record) {
    auto in = keep_covered(sweep_key, record);
    if (!in) return std::unexpected(in.error().in("the sweep's record"));
    TRY(const auto day, in->take_le<std::uint64_t>());
    return static_cast<std::int64_t>(day);
}

Result<KeepLoaded> load_keep(store::Store& store) {
    auto table = std::make_shared<KeepTable>();
    KeepLoaded loaded;
    const auto cursor = store.scan(store::Family::history_series, sweep_key, litter_keys);
    for (; cursor->is_valid(); cursor->next()) {
        if (cursor->key() == sweep_key) {
            TRY(loaded.swept_day, parse_sweep(cursor->value()));
            continue;
        }
        Reader in(as_bytes(cursor->key()));
        TRY(const auto kind, in.take_be<std::uint8_t>());
        const auto organisation = in.take_be<std::uint32_t>();
        if (kind != 0xfd || !organisation || !in.at_end())
            return fail(Code::corrupt, "key " + to_hex(as_bytes(cursor->key())) + " is no series");
        TRY(table->rules[OrganisationId(*organisation)], parse_keep(cursor->key(), cursor->value()));
    }
    TRY_VOID(cursor->status());
    loaded.table = std::move(table);
    return loaded;
}

// --- expiring ------------------------------------------------------------------------------------

// How many chunks the range holds, and what they are: they are looked at once in their life.
std::size_t Expiry::walk(store::Cursor& cursor, const Range& range) {
    std::size_t chunks = 0;
    for (; cursor.is_valid(); cursor.next()) {
        const auto key = parse_chunk_key(cursor.key());
        if (!key || key->month != range.month || key->series.number() != range.series) break;
        if (!range.is_whole && (key->span != Span::day || key->first >= what_.from)) break;
        if (key->span == Span::days) continue;
        ++chunks;
        count_.bytes += cursor.key().size() + cursor.value().size();
        if (const auto header = parse_chunk_header(as_bytes(cursor.value())))
            count_.samples += header->count;
    }
    count_.chunks += chunks;
    return chunks;
}

// As Sweep::step, until the month that is still kept in part.
Result<store::Batch> Expiry::step(store::Store& store) {
    const Month last = month_of(what_.from);
    const auto cursor = store.scan(store::Family::history_chunks, series_bound(month_, next_), "");
    std::vector<Range> ranges;
    for (std::size_t chunks = 0; chunks < chunks_max_;) {
        ++chunks;  // a seek counts as one, so that a step ends
        if (month_ > last) {
            is_done_ = true;
            break;
        }
        cursor->seek(series_bound(month_, next_));
        if (!cursor->is_valid()) {
            TRY_VOID(cursor->status());
            is_done_ = true;
            break;
        }
        TRY(const ChunkKey key, parse_chunk_key(cursor->key()));
        if (key.month == month_ && std::ranges::binary_search(what_.series, key.series)) {
            const Range range{month_, key.series.number(), month_ < last};
            const std::size_t found = walk(*cursor, range);
            // The days' statistics of a month go with the first of its chunks.
            if (range.is_whole || found > 0) ranges.push_back(range);
            chunks += found;
            next_ = key.series.number() + 1;
            continue;
        }
        month_ = key.month;
        const auto ours = std::ranges::lower_bound(what_.series, key.series);
        if (ours != what_.series.end()) {
            next_ = ours->number();
        } else {
            ++month_;
            next_ = 0;
        }
    }
    TRY_VOID(cursor->status());
    return removals(store, ranges);
}

store::Batch Expiry::removals(store::Store& store, const std::vector<Range>& ranges) const {
    store::Batch batch;
    for (std::size_t at = 0; at < ranges.size();) {
        Litter litter{ranges[at].month, ranges[at].series, 0};
        for (; at < ranges.size() && ranges[at].month == litter.month; ++at) {
            const Range& range = ranges[at];
            const SeriesId series(range.series);
            litter.until = range.series + 1;
            const std::string from = series_bound(range.month, range.series);
            if (range.is_whole) {
                batch.remove_range(store::Family::history_chunks, from,
                                   series_bound(range.month, range.series + 1));
                continue;
            }
            batch.remove_range(store::Family::history_chunks, from,
                               to_bytes(ChunkKey{range.month, series, Span::day, what_.from, 0}));
            batch.remove(store::Family::history_chunks, days_key(range.month, series));
        }
        const std::string key = litter_key(litter, store.ticket());
        batch.put(store::Family::history_series, key, litter_record(key, litter));
    }
    if (!batch.is_empty()) batch.use_reserve();
    return batch;
}

}  // namespace lineshaft::history
