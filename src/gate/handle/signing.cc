#include "gate/handle/signing.h"

#include <algorithm>
#include <iterator>

#include "io/shard.h"

namespace lineshaft::handle {

Signing::Signing(const trust::RsaKey* key, io::Workers* signers, Limits limits)
    : key_(key), signers_(signers), limits_(limits) {}

io::Task<Signing::Signature> Signing::sign(trust::Hash hash, std::string covered) {
    // Named, then awaited: g++ 12 destroys a closure made inside a co_await expression twice.
    auto start = [this, hash, covered = std::move(covered)](io::Answer<Signature> answer) mutable {
        take({hash, std::move(covered), std::move(answer)});
    };
    co_return co_await io::suspend<Signature>(std::move(start));
}

void Signing::take(Wish wish) {
    if (key_ == nullptr || signers_ == nullptr)
        return wish.answer(fail(Code::unsupported, "this node has no key to sign with"));
    if (waiting_.size() >= limits_.waiting_max)
        return wish.answer(fail(Code::exhausted, "too many signatures wait, try again"));
    waiting_.push_back(std::move(wish));
    // At the end of the turn: questions come in batches.
    if (handed_over_ >= limits_.handed_over_max || std::exchange(is_turn_posted_, true)) return;
    io::Shard::here().post([this] {
        is_turn_posted_ = false;
        hand_over();
    });
}

void Signing::hand_over() {
    while (!waiting_.empty() && handed_over_ < limits_.handed_over_max) {
        // Shared among the workers, so that two questions are not signed one after the other.
        const std::size_t groups = limits_.handed_over_max - handed_over_;
        const std::size_t share = (waiting_.size() + groups - 1) / groups;
        hand_over(std::min(share, limits_.together_max));
    }
}

void Signing::hand_over(std::size_t count) {
    const auto until = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    auto group = std::make_shared<Group>(std::make_move_iterator(waiting_.begin()),
                                         std::make_move_iterator(until));
    waiting_.erase(waiting_.begin(), until);
    auto work = [this, group, key = *key_, shard = &io::Shard::here()] {
        std::vector<Signature> made;
        made.reserve(group->size());
        for (const Wish& one : *group) made.emplace_back(key.sign(one.hash, one.covered));
        shard->post([this, group, made = std::move(made)]() mutable {
            --handed_over_;
            hand_over();  // before anybody hears: what waits is signed meanwhile
            answer(std::move(*group), std::move(made));
        });
    };
    ++handed_over_;
    if (signers_->try_post(std::move(work))) return;
    --handed_over_;
    std::vector<Signature> refused;
    for (std::size_t at = 0; at < group->size(); ++at)
        refused.emplace_back(fail(Code::exhausted, signers_->name() + " is busy, try again"));
    answer(std::move(*group), std::move(refused));
}

void Signing::answer(Group group, std::vector<Signature> signatures) {
    for (std::size_t at = 0; at < group.size(); ++at) group[at].answer(std::move(signatures[at]));
}

}  // namespace lineshaft::handle
