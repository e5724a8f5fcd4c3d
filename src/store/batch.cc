#include "store/batch_rep.h"

// RocksDB 7.8, db/write_batch.cc: a tag, the family's number, then length-prefixed strings.
namespace lineshaft::store {
namespace {

constexpr char tag_default_put = 0x01;
constexpr char tag_remove = 0x04;
constexpr char tag_put = 0x05;
constexpr char tag_remove_range = 0x0e;

void append_string(std::string& out, std::string_view text) {
    Writer(out).put_varint(text.size());
    out.append(text);
}

}  // namespace

std::string_view name_of(Family family) {
    switch (family) {
        case Family::history_series: return "history.series";
        case Family::history_inbox: return "history.inbox";
        case Family::history_chunks: return "history.chunks";
        case Family::identity: return "identity";
        case Family::mqtt_sessions: return "mqtt.sessions";
        case Family::mqtt_messages: return "mqtt.messages";
        case Family::mqtt_retained: return "mqtt.retained";
        case Family::log: return "log";
    }
    std::unreachable();
}

Batch::Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Batch::Rep& Batch::begin(char tag, Family family) {
    if (!rep_) rep_ = std::make_unique<Rep>();
    rep_->operations.push_back(tag);
    Writer(rep_->operations).put_varint(number_of(family));
    ++rep_->count;
    return *rep_;
}

void Batch::put(Family family, std::string_view key, std::string_view value) {
    Rep& rep = begin(tag_put, family);
    append_string(rep.operations, key);
    append_string(rep.operations, value);
    rep.has_puts = true;
}

void Batch::remove(Family family, std::string_view key) {
    append_string(begin(tag_remove, family).operations, key);
}

void Batch::remove_range(Family family, std::string_view from, std::string_view until) {
    if (from >= until) return;
    Rep& rep = begin(tag_remove_range, family);
    append_string(rep.operations, from);
    append_string(rep.operations, until);
    if (family == Family::history_chunks) rep.chunk_ranges.emplace_back(from, until);
}

bool Batch::is_empty() const {
    return !rep_ || rep_->count == 0;
}
std::size_t Batch::size_bytes() const {
    return rep_ ? rep_->operations.size() : 0;
}
bool Batch::only_removes() const {
    return !rep_ || !rep_->has_puts;
}

void Batch::use_reserve() {
    if (!rep_) rep_ = std::make_unique<Rep>();
    rep_->uses_reserve = true;
}
bool Batch::uses_reserve() const {
    return rep_ && rep_->uses_reserve;
}

void append_default_put(std::string& operations, std::string_view key, std::string_view value) {
    operations.push_back(tag_default_put);
    append_string(operations, key);
    append_string(operations, value);
}

}  // namespace lineshaft::store
