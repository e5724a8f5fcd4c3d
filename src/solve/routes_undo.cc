// Bookkeeping of the working plan: who is in use, who is absent, and how to take changes back.
#include <algorithm>

#include "solve/routes.h"

namespace lineshaft::solve {
namespace {

void put_in(std::vector<std::uint32_t>& list, std::vector<std::uint32_t>& at, std::uint32_t what) {
    at[what] = static_cast<std::uint32_t>(list.size());
    list.push_back(what);
}
void take_out(std::vector<std::uint32_t>& list, std::vector<std::uint32_t>& at, std::uint32_t what) {
    at[list.back()] = at[what];
    list[at[what]] = list.back();
    list.pop_back();
    at[what] = none;
}

}  // namespace

void Routes::note_use(std::uint32_t vehicle) {
    const bool is_used = !is_empty(vehicle);
    std::vector<std::uint32_t>& empties = empties_[model_.class_of[vehicle]];
    if (is_used != (used_at_[vehicle] != none)) {
        if (is_used) put_in(used_, used_at_, vehicle);
        else take_out(used_, used_at_, vehicle);
    }
    if (is_used == (empty_at_[vehicle] != none)) {
        if (is_used) take_out(empties, empty_at_, vehicle);
        else put_in(empties, empty_at_, vehicle);
    }
}

void Routes::set_absent(std::uint32_t job, bool is_absent) {
    if (is_absent) put_in(absent_, absent_at_, job);
    else take_out(absent_, absent_at_, job);
    if (model_.must(job)) missing_ += is_absent ? 1 : -1;
    else cost_ += is_absent ? model_.skip_cost(job) : -model_.skip_cost(job);
}

void Routes::begin() {
    ++stamp_;
    saved_count_ = 0;
    saved_absent_ = absent_;
    saved_cost_ = cost_;
    saved_missing_ = missing_;
}

void Routes::save(std::uint32_t vehicle) {
    if (!is_touched_[vehicle]) {
        is_touched_[vehicle] = 1;
        touched_.push_back(vehicle);
    }
    if (saved_stamp_[vehicle] == stamp_) return;
    saved_stamp_[vehicle] = stamp_;
    if (saved_count_ == saved_.size()) saved_.emplace_back();
    Saved& saved = saved_[saved_count_++];
    saved.vehicle = vehicle;
    saved.state = routes_[vehicle];
}

void Routes::rollback() {
    for (std::size_t i = 0; i < saved_count_; ++i) {
        std::swap(routes_[saved_[i].vehicle], saved_[i].state);
        note_use(saved_[i].vehicle);
    }
    for (const std::uint32_t job : absent_) absent_at_[job] = none;
    absent_ = saved_absent_;
    for (std::uint32_t i = 0; i < absent_.size(); ++i) {
        absent_at_[absent_[i]] = i;
        vehicle_of_[2 * absent_[i]] = vehicle_of_[2 * absent_[i] + 1] = none;
    }
    for (std::size_t i = 0; i < saved_count_; ++i) {
        const std::uint32_t vehicle = saved_[i].vehicle;
        const std::vector<Slot>& slots = routes_[vehicle].slots;
        for (std::uint32_t p = 1; p + 1 < slots.size(); ++p) {
            vehicle_of_[slots[p].node] = vehicle;
            position_of_[slots[p].node] = p;
        }
    }
    cost_ = saved_cost_;
    missing_ = saved_missing_;
    saved_count_ = 0;
    ++stamp_;
}

std::vector<std::uint32_t> Routes::take_touched() {
    for (const std::uint32_t vehicle : touched_) is_touched_[vehicle] = 0;
    return std::exchange(touched_, {});
}

}  // namespace lineshaft::solve
