#include "twin/intake.h"

namespace lineshaft::twin {

// Answers of the sacks under way; the last one resumes the caller.
struct Intake::Gathered {
    std::size_t left = 0;
    Told told;
    std::optional<io::Answer<Told>> waiter;

    void take(const Told& one) {
        told.add(one);
        if (--left == 0) (*waiter)(std::move(told));
    }
};

std::vector<history::TagSample>* Intake::find(std::string_view machine) {
    if (last_ != nullptr && last_->report.machine == machine) return &last_->report.samples;
    const auto found = by_machine_.find(machine);
    if (found == by_machine_.end()) return nullptr;
    last_ = found->second;
    return &last_->report.samples;
}

std::vector<history::TagSample>& Intake::of(std::string_view machine) {
    if (auto* known = find(machine)) return *known;
    last_ = &reports_.emplace_back(Kept{{organisation_, std::string(machine), {}},
                                        plant_.owner(organisation_, machine)});
    by_machine_.emplace(last_->report.machine, last_);
    return last_->report.samples;
}

// By owner; an empty one where nothing is for that shard.
std::vector<Sack> Intake::take_sacks() {
    last_ = nullptr;
    samples = 0;
    by_machine_.clear();
    std::vector<Sack> sacks(points_.size());
    for (auto& [report, owner] : reports_) {
        if (sacks.size() <= owner.number()) sacks.resize(owner.number() + 1);
        sacks[owner.number()].reports.push_back(std::move(report));
    }
    reports_.clear();
    for (std::size_t index = 0; index < points_.size(); ++index)
        sacks[index].points = std::exchange(points_[index], {});
    for (Sack& sack : sacks) {
        sack.organisation = organisation_;
        sack.source = source_;
    }
    return sacks;
}

io::Task<Told> Intake::store() {
    auto sacks = take_sacks();
    std::size_t count = 0;
    std::size_t left = 0;
    for (const Sack& sack : sacks) {
        count += sack.points.all.size();
        for (const auto& report : sack.reports) count += report.samples.size();
        left += sack.reports.empty() && sack.points.all.empty() ? 0 : 1;
    }
    if (left == 0) co_return Told{};
    const auto admitted = plant_.admit(organisation_, count);
    if (!admitted) co_return Told{{}, admitted.error(), {}};
    auto start = [this, left, &sacks](io::Answer<Told> waiter) {
        auto gathered = std::make_shared<Gathered>();
        gathered->left = left;
        gathered->waiter.emplace(std::move(waiter));
        for (std::size_t index = 0; index < sacks.size(); ++index) {
            Sack& sack = sacks[index];
            if (sack.reports.empty() && sack.points.all.empty()) continue;
            plant_.store(ShardIndex(static_cast<std::uint32_t>(index)), std::move(sack),
                         [gathered](Told told) { gathered->take(told); });
        }
    };
    auto told = co_await io::suspend<Told>(std::move(start));
    co_return told;
}

}  // namespace lineshaft::twin
