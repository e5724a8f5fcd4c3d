#include "twin/intake.h"

namespace lineshaft::twin {

// Answers of the reports under way; the last one resumes the caller.
struct Intake::Gathered {
    std::size_t left = 0;
    Outcome outcome;
    std::optional<io::Answer<Outcome>> waiter;

    void take(Result<history::Appended> stored) {
        Outcome one;
        if (stored)
            one.appended = *stored;
        else
            one.failed = stored.error();
        outcome.add(one);
        if (--left == 0) (*waiter)(std::move(outcome));
    }
};

void Intake::Outcome::add(const Outcome& other) {
    appended.stored += other.appended.stored;
    appended.refused_time += other.appended.refused_time;
    appended.refused_name += other.appended.refused_name;
    appended.refused_cardinality += other.appended.refused_cardinality;
    appended.refused_size += other.appended.refused_size;
    appended.discovered += other.appended.discovered;
    if (!failed) failed = other.failed;
}

std::vector<history::TagSample>* Intake::find(std::string_view machine) {
    if (last_ != nullptr && last_->machine == machine) return &last_->samples;
    const auto found = by_machine_.find(machine);
    if (found == by_machine_.end()) return nullptr;
    last_ = found->second;
    return &last_->samples;
}

std::vector<history::TagSample>& Intake::of(std::string_view machine) {
    if (auto* known = find(machine)) return *known;
    last_ = &reports_.emplace_back(history::Report{organisation_, std::string(machine), {}});
    by_machine_.emplace(last_->machine, last_);
    return last_->samples;
}

io::Task<Intake::Outcome> Intake::store() {
    last_ = nullptr;
    samples = 0;
    by_machine_.clear();
    if (reports_.empty()) co_return Outcome{};
    auto reports = std::exchange(reports_, {});
    auto start = [this, &reports](io::Answer<Outcome> waiter) {
        auto gathered = std::make_shared<Gathered>();
        gathered->left = reports.size();
        gathered->waiter.emplace(std::move(waiter));
        for (auto& report : reports) {
            plant_.report(std::move(report), source_, [gathered](Result<history::Appended> stored) {
                gathered->take(std::move(stored));
            });
        }
    };
    auto outcome = co_await io::suspend<Outcome>(std::move(start));
    co_return outcome;
}

}  // namespace lineshaft::twin
