#include "history/merge.h"

#include <algorithm>

namespace lineshaft::history {

Merge::Merge(store::Cursor& cursor, const Months& months, bool may_be_fresh, ChunkCodec& codec,
             SeriesId series, Window window, Direction direction, OnDamage on_damage)
    : codec_(codec),
      window_(window),
      direction_(direction),
      on_damage_(on_damage),
      plan_(cursor, months, may_be_fresh, series, window, direction, std::move(on_damage)) {}

std::int64_t Merge::turn_at(const Source& source, std::size_t done) const {
    const std::size_t index =
        direction_ == Direction::forward ? done : source.samples.size() - 1 - done;
    return turn_of(direction_, source.samples.at[index]);
}

void Merge::wait(Source source) {
    const auto at = std::upper_bound(
        waiting_.begin(), waiting_.end(), source.first_turn,
        [](std::int64_t turn, const Source& one) { return turn > one.first_turn; });
    waiting_.insert(at, std::move(source));
}

void Merge::add(Columns samples, std::uint64_t rank) {
    if (samples.is_empty()) return;
    Source source;
    source.rank = rank;
    source.until = samples.size();
    source.samples = std::move(samples);
    source.first_turn = turn_at(source, 0);
    source.last_turn = turn_at(source, source.until - 1);
    wait(std::move(source));
}

// The soonest turn there is a sample for, as far as loaded.
std::int64_t Merge::next_turn() const {
    std::int64_t turn = waiting_.empty() ? INT64_MAX : waiting_.back().first_turn;
    for (const Source& source : open_) turn = std::min(turn, turn_at(source, source.done));
    return turn;
}

// Loads chunks until none to come can begin before the next sample. One stretch per call: false
// when that was not enough yet.
bool Merge::load_until(std::int64_t turn) {
    if (plan_.is_exhausted() || turn < plan_.boundary()) return true;
    std::vector<ChunkRef> found;
    plan_.load(found);
    wait_for(std::move(found));
    return false;
}

void Merge::wait_for(std::vector<ChunkRef> found) {
    cost_ += 64 + 64 * found.size();
    for (ChunkRef& chunk : found) {
        Source source;
        source.rank = chunk.ticket;
        const bool forward = direction_ == Direction::forward;
        source.first_turn =
            turn_of(direction_, forward ? chunk.header.first.micros : chunk.header.last.micros);
        source.last_turn =
            turn_of(direction_, forward ? chunk.header.last.micros : chunk.header.first.micros);
        source.chunk = std::move(chunk);
        wait(std::move(source));
    }
}

// Moves the next waiting source among the open ones, decoded and cut to the window.
bool Merge::open_next() {
    Source source = std::move(waiting_.back());
    waiting_.pop_back();
    if (source.chunk && source.chunk->is_day) {
        std::vector<ChunkRef> found;
        plan_.load_chunks_of(*source.chunk, found);
        wait_for(std::move(found));
        return true;
    }
    if (source.chunk) {
        const ChunkRef chunk = *std::move(source.chunk);
        source.chunk.reset();
        std::string fetched;
        if (chunk.bytes.empty()) {
            auto stored = plan_.bytes_of(chunk);
            if (!stored) {
                on_damage_(chunk.key, Error{Code::corrupt, "it was there when the read began"});
                return false;
            }
            fetched = std::move(*stored);
        }
        const std::string& bytes = chunk.bytes.empty() ? fetched : chunk.bytes;
        const auto header = codec_.decode(as_bytes(bytes), source.samples);
        if (!header) {
            on_damage_(chunk.key, header.error());
            return false;
        }
        cost_ += header->count;
        const auto& at = source.samples.at;
        const auto before =
            std::lower_bound(at.begin(), at.end(), window_.from.micros) - at.begin();
        const auto inside =
            std::lower_bound(at.begin(), at.end(), window_.until.micros) - at.begin();
        const auto from = static_cast<std::size_t>(before);
        const auto until = static_cast<std::size_t>(inside);
        source.done = direction_ == Direction::forward ? from : at.size() - until;
        source.until = direction_ == Direction::forward ? until : at.size() - from;
    }
    if (source.done < source.until) open_.push_back(std::move(source));
    return true;
}

bool Merge::is_alone(const Source& source) const {
    if (source.last_turn >= plan_.boundary()) return false;
    return waiting_.size() < 2 || waiting_[waiting_.size() - 2].first_turn > source.last_turn;
}

bool Merge::emit(Sink& sink, Source& source, std::size_t count) {
    const std::size_t size = source.samples.size();
    const std::size_t from =
        direction_ == Direction::forward ? source.done : size - source.done - count;
    source.done += count;
    return sink.take(source.samples, from, from + count);
}

// Everything of the only open source up to where another begins.
bool Merge::emit_run(Sink& sink, Source& source) {
    const std::int64_t end =
        std::min(plan_.boundary(), waiting_.empty() ? INT64_MAX : waiting_.back().first_turn);
    std::size_t low = source.done + 1;  // the first of them is known to be before `end`
    std::size_t high = source.until;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (turn_at(source, middle) < end) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return emit(sink, source, low - source.done);
}

bool Merge::emit_one(Sink& sink) {
    const std::int64_t turn = next_turn();
    Source* best = nullptr;
    for (Source& source : open_) {
        if (turn_at(source, source.done) != turn) continue;
        if (best == nullptr || source.rank > best->rank) best = &source;
    }
    for (Source& source : open_) {
        if (&source != best && turn_at(source, source.done) == turn) ++source.done;
    }
    cost_ += open_.size();
    return emit(sink, *best, 1);
}

void Merge::drop_finished() {
    std::erase_if(open_, [](const Source& source) { return source.done >= source.until; });
}

bool Merge::step(Sink& sink) {
    const std::int64_t turn = next_turn();
    if (!load_until(turn)) return true;
    if (turn == INT64_MAX) return false;
    if (open_.empty() && waiting_.back().chunk) {
        const Source& next = waiting_.back();
        const ChunkHeader& header = next.chunk->header;
        const bool is_inside = window_.contains(header.first) && window_.contains(header.last);
        if (is_inside && is_alone(next) && sink.take_whole(header)) {
            waiting_.pop_back();
            return true;
        }
        if (next.chunk->is_day) return open_next();
    }
    while (!waiting_.empty() && waiting_.back().first_turn <= turn) {
        (void)open_next();  // a damaged one is reported and left out
    }
    bool wants_more = true;
    if (open_.size() == 1) {
        // A chunk cut to the window may begin after another that waits.
        const std::int64_t now = turn_at(open_[0], open_[0].done);
        const bool is_next =
            now < plan_.boundary() && (waiting_.empty() || now < waiting_.back().first_turn);
        if (is_next) wants_more = emit_run(sink, open_[0]);
    } else if (!open_.empty()) {
        const std::int64_t now = next_turn();
        const bool is_next =
            now < plan_.boundary() && (waiting_.empty() || now < waiting_.back().first_turn);
        if (is_next) wants_more = emit_one(sink);
    }
    drop_finished();
    return wants_more;
}

}  // namespace lineshaft::history
