#include "gate/mqtt/retained_feed.h"

#include <algorithm>

#include "gate/mqtt/hub.h"
#include "gate/mqtt/hub_ask.h"
#include "gate/mqtt/link.h"

namespace lineshaft::broker {
namespace {

// Sorts what was found into what the log must hold for a durable session and what needs no log.
void sort_out(const Session& session, const RetainedFeed& feed, RetainedSlice&& slice,
              std::vector<Letter>& logged, std::vector<Letter>& direct) {
    for (auto& [what, index] : slice.found) {
        const RetainedWish& wish = feed.wishes[index];
        const auto qos = std::min(wish.qos_max, what->qos);
        Letter letter{.what = std::move(what),
                      .position = {},
                      .qos = qos,
                      .retain = true,
                      .subscription_ids = {}};
        if (wish.subscription_id != 0) letter.subscription_ids = {wish.subscription_id};
        const bool is_logged = qos != mqtt::Qos::at_most_once && session.is_logged;
        (is_logged ? logged : direct).push_back(std::move(letter));
    }
}

// Whether more of it must be in the log before SUBACK.
bool must_log(const Session& session, const RetainedFeed& feed) {
    return session.is_durable() && !feed.unfinished.empty() &&
           std::ranges::any_of(feed.wishes, [](const RetainedWish& wish) {
               return wish.qos_max != mqtt::Qos::at_most_once;
           });
}

}  // namespace

RetainedSlice RetainedSearch::next(Hub& hub) {
    constexpr std::size_t looks_max = 250, looks_at_once = 25, bytes_max = 16 << 10;
    RetainedSlice slice;
    std::size_t bytes = 0;
    const auto keep = [&](const std::shared_ptr<const Publication>& what) {
        if (!hub.may_show_retained(*what)) return;
        bytes += what->message.bytes().size();
        slice.found.push_back({what, wish_});
    };
    for (std::size_t looks = 0; wish_ < wishes_.size(); ++wish_) {
        if (!walk_) walk_.emplace(hub.retained, wishes_[wish_].filter);
        while (!walk_->go_on(looks_at_once, keep)) {
            looks += looks_at_once;
            if (looks < looks_max && bytes < bytes_max) continue;
            slice.is_last = false;
            return slice;
        }
        walk_.reset();
    }
    return slice;
}

RetainedSlice RetainedFeeder::search_first(std::uint64_t number,
                                           const std::vector<RetainedWish>& wishes) {
    auto search = std::make_unique<RetainedSearch>(wishes);
    auto slice = search->next(hub_);
    if (!slice.is_last) searches_.emplace(number, std::move(search));
    return slice;
}

RetainedSlice RetainedFeeder::search_on(std::uint64_t number) {
    const auto at = searches_.find(number);
    if (at == searches_.end()) return {};
    auto slice = at->second->next(hub_);
    if (slice.is_last) searches_.erase(at);
    return slice;
}

void RetainedFeeder::end(RetainedFeed& feed) {
    feed.is_over = true;
    for (const std::uint32_t there : std::exchange(feed.unfinished, {}))
        hub_.post(there, [number = feed.number](Hub& hub) { hub.feeder->searches_.erase(number); });
}

void RetainedFeeder::answer(const Ptr& feed, const Result<void>& outcome) {
    Session* session = hub_.find(feed->session);
    if (session != nullptr && !outcome) {
        // It would not outlive a crash, or there is no room for what it brings.
        hub_.take_back(*session, feed->granted);
        for (mqtt::Reason& reason : feed->reasons) {
            if (!mqtt::is_error(reason)) reason = mqtt::Reason::quota_exceeded;
        }
        feed->direct.clear();
    }
    if (session == nullptr || session->link == nullptr || !outcome) end(*feed);
    if (session == nullptr || session->link == nullptr) return;
    feed->is_answered = true;
    session->link->connection.suback(feed->packet_id, feed->reasons);
    hub_.flush_soon(*session->link);
    for (Letter& letter : std::exchange(feed->direct, {})) session->replay(std::move(letter));
    if (!feed->unfinished.empty()) session->mailbox().feeds.push_back(feed);
    session->pump();
}

void RetainedFeeder::begin(const Ptr& feed) {
    if (feed->wishes.empty()) return take_first(feed, {});
    feed->number = std::uint64_t{hub_.index} << 48 | next_++;
    hub_.ask_all<RetainedSlice>(
        [number = feed->number, wishes = feed->wishes](Hub& hub) {
            return hub.feeder->search_first(number, wishes);
        },
        [this, feed](std::vector<RetainedSlice> slices) { take_first(feed, std::move(slices)); });
}

void RetainedFeeder::take_first(const Ptr& feed, std::vector<RetainedSlice> slices) {
    Session* session = hub_.find(feed->session);
    for (std::uint32_t from = 0; from < slices.size(); ++from) {
        if (!slices[from].is_last) feed->unfinished.push_back(from);
    }
    if (session == nullptr) return end(*feed);
    std::vector<Letter> logged;
    for (RetainedSlice& slice : slices)
        sort_out(*session, *feed, std::move(slice), logged, feed->direct);
    if (!logged.empty()) hub_.log_for(*session, std::move(logged));
    if (!session->is_durable()) return answer(feed, {});
    hub_.record_now(*session);
    if (!must_log(*session, *feed))
        return hub_.lane.then([this, feed](const Result<void>& outcome) { answer(feed, outcome); });
    if (session->link == nullptr) return end(*feed);
    session->mailbox().feeds.push_back(feed);
    feed->is_asking = true;
    hub_.lane.then([this, feed](const Result<void>& outcome) { on_disk(feed, outcome); });
}

// The slice is on disk.
void RetainedFeeder::on_disk(const Ptr& feed, const Result<void>& outcome) {
    feed->is_asking = false;
    Session* session = hub_.find(feed->session);
    if (feed->is_over || session == nullptr || !session->mail) return;
    const bool is_refused = !outcome || (session->is_full && !feed->is_answered);
    if (!is_refused && !feed->unfinished.empty()) return go_on(*session);
    std::erase(session->mail->feeds, feed);
    if (!feed->is_answered) {
        if (outcome && is_refused) ++hub_.stats.subscriptions_refused_limit;
        const Result<void> full = fail(Code::exhausted, "the session's queue is full");
        answer(feed, outcome && is_refused ? full : outcome);
    } else if (is_refused) {
        end(*feed);  // what it did not get, it gets when it subscribes again
    }
    go_on(*session);
}

void RetainedFeeder::go_on(Session& session) {
    if (!session.mail || session.mail->feeds.empty()) return;
    const Ptr feed = session.mail->feeds.front();
    if (feed->is_asking || !session.has_room_for(*feed)) return;
    feed->is_asking = true;
    const std::uint32_t to = feed->unfinished.back();
    hub_.post(to, [feed, from = hub_.index](Hub& there) { there.feeder->ask(feed, from); });
}

// However many ask: one slice, then the loop's other work has a turn.
void RetainedFeeder::ask(const Ptr& feed, std::uint32_t from) {
    asked_.push_back({feed, from});
    if (asked_.size() == 1) hub_.shard.post([this] { give_one(); });
}

void RetainedFeeder::give_one() {
    const Asked next = asked_.pop_front();
    if (!asked_.empty()) hub_.shard.post([this] { give_one(); });
    auto slice = std::make_shared<RetainedSlice>(search_on(next.feed->number));
    hub_.post(next.from, [feed = next.feed, slice](Hub& here) {
        here.feeder->take(feed, std::move(*slice));
    });
}

void RetainedFeeder::take(const Ptr& feed, RetainedSlice slice) {
    feed->is_asking = false;
    Session* session = hub_.find(feed->session);
    if (feed->is_over || session == nullptr) return;
    if (slice.is_last) feed->unfinished.pop_back();
    std::vector<Letter> logged, direct;
    sort_out(*session, *feed, std::move(slice), logged, direct);
    for (Letter& letter : direct) session->replay(std::move(letter));
    const bool waits = !logged.empty() || !feed->is_answered;
    if (!logged.empty()) hub_.log_for(*session, std::move(logged));
    if (waits) {
        feed->is_asking = true;
        hub_.lane.then([this, feed](const Result<void>& outcome) { on_disk(feed, outcome); });
    } else if (feed->unfinished.empty()) {
        std::erase(session->mail->feeds, feed);
    }
    session->pump();  // goes on with it
}

}  // namespace lineshaft::broker
