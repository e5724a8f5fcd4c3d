#include "history/plan.h"

#include <algorithm>
#include <utility>

#include "history/days.h"

namespace lineshaft::history {
namespace {

// Values are kept from the first look while a stretch is small, so they need not be fetched twice.
constexpr std::size_t kept_bytes_max = 1 << 20;
// So many keys of a month are met one after the other before what is needed is sought.
constexpr int few = 12;

std::string month_prefix(Month month) {
    std::string key;
    Writer(key).put_be(month);
    return key;
}

}  // namespace

std::unique_ptr<store::Cursor> chunk_cursor(store::Store& store, Window window) {
    return store.scan(store::Family::history_chunks, month_prefix(month_of(window.from)), "");
}

// What cannot be read is met, and told about, by whoever looks there. Nothing is sought among what is
// fresh: what was settled left marks there, which a seek would have to pass.
Months months_of(store::Cursor& cursor) {
    Months found;
    if (!cursor.is_valid()) return found;
    const auto first = parse_chunk_key(cursor.key());
    found.first = first ? first->month : 0;
    if (found.first >= month_of_fresh) return found;
    cursor.seek_for_previous(month_prefix(month_of_fresh));
    const auto last = parse_chunk_key(cursor.is_valid() ? cursor.key() : std::string_view());
    found.last = last ? last->month : month_of_fresh - 1;
    return found;
}

ChunkPlan::ChunkPlan(store::Cursor& cursor, const Months& months, bool may_be_fresh,
                     SeriesId series, Window window, Direction direction, OnDamage on_damage)
    : series_(series),
      window_(window),
      direction_(direction),
      on_damage_(std::move(on_damage)),
      cursor_(cursor),
      first_month_(std::max<int>(month_of(window.from), months.first)),
      last_month_(std::min<int>(month_of({window.until.micros - 1}), months.last)),
      month_(direction == Direction::forward ? first_month_ : last_month_),
      is_fresh_loaded_(!may_be_fresh),
      boundary_(INT64_MIN) {}

void ChunkPlan::end() {
    if (const auto status = cursor_.status(); !status) on_damage_("", status.error());
    is_exhausted_ = true;
    boundary_ = INT64_MAX;
}

void ChunkPlan::seek(const ChunkKey& key) {
    if (direction_ == Direction::forward) {
        cursor_.seek(to_bytes(key));
    } else {
        cursor_.seek_for_previous(to_bytes(key));
    }
}

void ChunkPlan::step() {
    if (direction_ == Direction::forward) {
        cursor_.next();
    } else {
        cursor_.previous();
    }
}

// Moves month_ on to one in which the series has chunks. Each seek lands on what exists, so empty
// months cost nothing.
bool ChunkPlan::find_month() {
    const bool forward = direction_ == Direction::forward;
    while (month_ >= first_month_ && month_ <= last_month_) {
        ChunkKey edge{static_cast<Month>(month_), series_, Span::day, {INT64_MIN}, 0};
        if (!forward) edge = {edge.month, series_, Span::month, {INT64_MAX}, UINT64_MAX};
        seek(edge);
        if (!cursor_.is_valid()) return false;
        const auto found = parse_chunk_key(cursor_.key());
        if (!found) {
            on_damage_(cursor_.key(), found.error());
            return false;
        }
        if (found->month == month_ && found->series == series_) return true;
        const bool is_elsewhere = found->month != month_;
        const bool is_past_us = forward ? found->series > series_ : found->series < series_;
        month_ = found->month;
        if (!is_elsewhere || is_past_us) month_ += static_cast<int>(direction_);
    }
    return false;
}

// A series has few chunks in most months: from the first key on, where the cursor stands, all are
// met without being sought. False, and nothing is loaded: there are more.
bool ChunkPlan::load_few(std::vector<ChunkRef>& into) {
    const std::size_t before = into.size();
    for (int steps = 0; steps < few; ++steps, cursor_.next()) {
        const auto key =
            parse_chunk_key(cursor_.is_valid() ? cursor_.key() : std::string_view());
        if (!key || key->month != month_ || key->series != series_) return true;
        if (key->span == Span::days || key->first >= window_.until) continue;
        if (key->span == Span::day && day_of(key->first) < day_of(window_.from)) continue;
        take(into);
    }
    into.resize(before);
    kept_bytes_ = 0;
    return false;
}

// All that overlap, in any order: nothing is known of what comes after.
void ChunkPlan::load_fresh(std::vector<ChunkRef>& into) {
    is_fresh_loaded_ = true;
    cursor_.seek(to_bytes({month_of_fresh, series_, Span::day, {INT64_MIN}, 0}));
    for (; cursor_.is_valid(); cursor_.next()) {
        const auto key = parse_chunk_key(cursor_.key());
        if (!key || key->month != month_of_fresh || key->series != series_) break;
        take(into);
    }
}

std::optional<std::string> ChunkPlan::bytes_of(const ChunkRef& chunk) {
    if (resume_.empty() && cursor_.is_valid()) resume_ = cursor_.key();
    cursor_.seek(chunk.key);
    if (!cursor_.is_valid() || cursor_.key() != chunk.key) return std::nullopt;
    return std::string(cursor_.value());
}

bool ChunkPlan::is_inside(Span span) const {
    if (!cursor_.is_valid()) return false;
    const auto key = parse_chunk_key(cursor_.key());
    if (!key || key->month != month_ || key->series != series_ || key->span != span) return false;
    if (direction_ == Direction::forward) return key->first < window_.until;
    return span == Span::month || day_of(key->first) >= day_of(window_.from);
}

void ChunkPlan::take(std::vector<ChunkRef>& into) {
    const auto header = parse_chunk_header(as_bytes(cursor_.value()));
    if (!header) {
        on_damage_(cursor_.key(), header.error());
        return;
    }
    if (header->last < window_.from || header->first >= window_.until) return;
    const auto key = parse_chunk_key(cursor_.key());
    ChunkRef ref{std::string(cursor_.key()), key ? key->ticket : 0, *header, {}};
    if (kept_bytes_ < kept_bytes_max) ref.bytes = cursor_.value();
    kept_bytes_ += ref.bytes.size();
    into.push_back(std::move(ref));
}

void ChunkPlan::load_month_chunks(std::vector<ChunkRef>& into) {
    const bool forward = direction_ == Direction::forward;
    seek({static_cast<Month>(month_),
          series_,
          Span::month,
          {forward ? INT64_MIN : INT64_MAX},
          forward ? 0 : UINT64_MAX});
    for (; is_inside(Span::month); step()) take(into);
}

// Puts the cursor on the first day chunk that can matter.
bool ChunkPlan::enter_days() {
    const auto month = static_cast<Month>(month_);
    if (direction_ == Direction::forward) {
        const Instant from = std::max(start_of(month), start_of_day(day_of(window_.from)));
        seek({month, series_, Span::day, from, 0});
    } else {
        seek({month, series_, Span::day, {window_.until.micros - 1}, UINT64_MAX});
    }
    return is_inside(Span::day);
}

void ChunkPlan::load_day(std::vector<ChunkRef>& into) {
    const auto key = parse_chunk_key(cursor_.key());
    const std::int64_t day = day_of(key->first);  // parsed by is_inside
    for (; is_inside(Span::day); step()) {
        const auto next = parse_chunk_key(cursor_.key());
        if (day_of(next->first) != day) break;
        take(into);
    }
    boundary_ = direction_ == Direction::forward ? start_of_day(day + 1).micros
                                                 : -(start_of_day(day).micros - 1);
}

void ChunkPlan::take_day_chunks(std::int64_t day, std::vector<ChunkRef>& into) {
    const Instant midnight = start_of_day(day);
    cursor_.seek(to_bytes({month_of(midnight), series_, Span::day, midnight, 0}));
    for (; cursor_.is_valid(); cursor_.next()) {
        const auto key = parse_chunk_key(cursor_.key());
        if (!key || key->series != series_ || key->span != Span::day || day_of(key->first) != day)
            break;
        take(into);
    }
}

void ChunkPlan::load_chunks_of(const ChunkRef& day, std::vector<ChunkRef>& into) {
    if (resume_.empty() && cursor_.is_valid()) resume_ = cursor_.key();
    take_day_chunks(day_of(day.header.first), into);
}

// The days of the month at once; false when nothing is known of them.
bool ChunkPlan::load_days(std::vector<ChunkRef>& into) {
    const auto month = static_cast<Month>(month_);
    const std::string key = days_key(month, series_);
    cursor_.seek(key);
    if (!cursor_.is_valid() || cursor_.key() != key) return false;
    const auto days = parse_days(month, cursor_.value());
    if (!days) {
        on_damage_(key, days.error());
        return false;
    }
    for (const auto& [number, day] : days->days) {
        if (day.last < window_.from || day.first >= window_.until) continue;
        into.push_back({key, 0, day, {}, true});
    }
    other_days_.clear();
    const std::int64_t first = day_of(start_of(month));
    for (int number = 30; number >= 0; --number) {
        const std::int64_t day = first + number;
        const bool is_needed = start_of_day(day) < window_.until &&
                               start_of_day(day + 1) > window_.from;
        if ((days->others >> number & 1) != 0 && is_needed) other_days_.push_back(day);
    }
    return true;
}

// What reaches over the month, and the way to its days.
void ChunkPlan::load_whole_month(std::vector<ChunkRef>& into) {
    load_month_chunks(into);
    const auto month = static_cast<Month>(month_);
    boundary_ = direction_ == Direction::forward
                    ? start_of(month).micros
                    : -(start_of(static_cast<Month>(month + 1)).micros - 1);
    has_days_ = prefers_days_ && load_days(into);
    in_days_ = has_days_ ? !other_days_.empty() : enter_days();
}

bool ChunkPlan::load(std::vector<ChunkRef>& into) {
    if (is_exhausted_) return false;
    kept_bytes_ = 0;
    if (!is_fresh_loaded_) {
        load_fresh(into);
        return true;
    }
    if (const std::string stood = std::exchange(resume_, {});
        in_days_ && !has_days_ && !stood.empty())
        cursor_.seek(stood);
    if (!in_days_) {
        if (!find_month()) {
            end();
            return false;
        }
        if (direction_ == Direction::backward || !load_few(into)) load_whole_month(into);
    } else if (has_days_) {
        take_day_chunks(other_days_.back(), into);
        other_days_.pop_back();
        in_days_ = !other_days_.empty();
    } else {
        load_day(into);
        in_days_ = is_inside(Span::day);
    }
    if (in_days_ && has_days_) boundary_ = start_of_day(other_days_.back()).micros;
    if (!in_days_) {
        const auto month = static_cast<Month>(month_);
        boundary_ = direction_ == Direction::forward
                        ? start_of(static_cast<Month>(month + 1)).micros
                        : -(start_of(month).micros - 1);
        month_ += static_cast<int>(direction_);
        if (month_ < first_month_ || month_ > last_month_) end();
    }
    return true;
}

}  // namespace lineshaft::history
