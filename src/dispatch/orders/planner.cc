#include "dispatch/orders/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "dispatch/orders/reason.h"

namespace lineshaft::orders {
namespace {

using Threads = std::set<std::string>;

Threads threads_of(const SewnDesign& design) {
    return {design.threads.begin(), design.threads.end()};
}

double missing_threads(const Threads& have, const Threads& need) {
    return static_cast<double>(std::ranges::count_if(
        need, [&](const std::string& thread) { return !have.contains(thread); }));
}

Instant after(Instant at, double seconds) {
    return {at.micros + static_cast<std::int64_t>(seconds * 1e6)};
}

// What stands behind the numbers of a solve::QueueProblem.
struct QueueDraft {
    solve::QueueProblem problem;
    std::vector<const JobOrder*> jobs;
    std::vector<std::string> why;  // by job, where no machine can
};

double work_left_s(const JobOrder& job, const Order& order, const SewingMachine& machine,
                   Instant now, const SewingTimes& times) {
    const double whole = sewing_seconds(machine, order.design, job.wanted, times);
    if (!job.began_at) return whole + times.job_s;
    const double share = job.wanted == 0 ? 0 : static_cast<double>(job.left()) / job.wanted;
    const double since = static_cast<double>((now - *job.began_at).count()) / 1e6;
    return std::max(whole * share * 0.5, whole - since);
}

std::string why_nobody(const std::vector<PlannedMachine>& machines, const SewnDesign& design) {
    if (machines.empty()) return stored_reason("no_machine", {});
    std::string best;
    for (const PlannedMachine& machine : machines) {
        if (!machine.can.is_enabled) continue;
        const std::string why = obstacle(machine.can, design);
        if (why.empty() && !machine.is_there)
            return stored_reason("not_connected", {machine.can.machine});
        if (best.empty() || why.size() < best.size()) best = why;
    }
    return best.empty() ? stored_reason("all_off", {}) : stored_reason("nobody", {best});
}

QueueDraft draft_of(const std::vector<JobOrder>& open, const std::map<std::uint64_t, Order>& orders,
                    const std::vector<PlannedMachine>& machines, Instant now,
                    const SewingTimes& times) {
    QueueDraft draft;
    auto& p = draft.problem;
    p.machines = static_cast<std::uint32_t>(machines.size());
    p.free_from_s.assign(machines.size(), 0);
    p.pinned.resize(machines.size());
    p.start.resize(machines.size());
    std::map<std::string, std::uint32_t> index_of;
    for (std::uint32_t m = 0; m < p.machines; ++m) index_of[machines[m].can.machine] = m;
    std::vector<Threads> on_machine(machines.size()), kits;
    for (std::uint32_t m = 0; m < p.machines; ++m)
        on_machine[m] = {machines[m].can.threads.begin(), machines[m].can.threads.end()};
    std::map<Threads, std::uint32_t> kit_of;
    std::vector<std::vector<std::pair<std::int64_t, std::uint32_t>>> pinned(machines.size()),
        queued(machines.size());
    for (const JobOrder& job : open) {
        const auto order = orders.find(job.order);
        if (order == orders.end()) continue;
        const auto at = index_of.find(job.machine);
        if (job.is_given()) {
            if (at == index_of.end()) continue;
            p.free_from_s[at->second] +=
                work_left_s(job, order->second, machines[at->second].can, now, times);
            on_machine[at->second] = threads_of(order->second.design);
            continue;
        }
        if (job.state == JobState::not_allowed_to_start && !job.is_pinned)
            continue;  // held: it has no place
        const auto index = static_cast<std::uint32_t>(draft.jobs.size());
        const SewnDesign& design = order->second.design;
        bool can_anybody = false;
        for (std::uint32_t m = 0; m < p.machines; ++m) {
            const bool is_pinned_here = job.is_pinned && at != index_of.end() && at->second == m;
            const bool is_free = !job.is_pinned || at == index_of.end();
            const bool can = (is_pinned_here || (is_free && machines[m].is_there)) &&
                             machines[m].can.is_enabled &&
                             obstacle(machines[m].can, design).empty();
            p.seconds.push_back(can ? times.job_s +
                                          sewing_seconds(machines[m].can, design, job.left(), times)
                                    : solve::unable_s);
            can_anybody |= can;
        }
        const auto [kit, is_new] =
            kit_of.try_emplace(threads_of(design), static_cast<std::uint32_t>(kits.size()));
        if (is_new) kits.push_back(kit->first);
        p.kit.push_back(kit->second);
        const auto& due = order->second.due_at;
        p.due_s.push_back(
            due ? std::clamp(static_cast<double>((*due - now).count()) / 1e6, -1e8, 1e8)
                : solve::unable_s);
        p.weight.push_back(std::exp2((order->second.priority - 50) / 12.5));
        draft.why.push_back(can_anybody ? std::string() : why_nobody(machines, design));
        if (at != index_of.end() &&
            std::isfinite(p.seconds[std::size_t{index} * p.machines + at->second]))
            (job.is_pinned ? pinned : queued)[at->second].emplace_back(job.position, index);
        draft.jobs.push_back(&job);
    }
    p.jobs = static_cast<std::uint32_t>(draft.jobs.size());
    p.kits = static_cast<std::uint32_t>(kits.size());
    for (std::uint32_t m = 0; m < p.machines; ++m) {
        std::ranges::sort(pinned[m]);
        std::ranges::sort(queued[m]);
        for (const auto& one : pinned[m]) p.pinned[m].push_back(one.second);
        for (const auto& one : queued[m]) p.start[m].push_back(one.second);
    }
    for (const Threads& from : kits) {
        for (const Threads& to : kits)
            p.setup_s.push_back(times.thread_s * missing_threads(from, to));
    }
    for (std::uint32_t m = 0; m < p.machines; ++m) {
        for (const Threads& to : kits)
            p.first_setup_s.push_back(times.thread_s * missing_threads(on_machine[m], to));
    }
    return draft;
}

}  // namespace

std::string obstacle(const SewingMachine& machine, const SewnDesign& design) {
    const double wide = std::max(design.width_mm, design.height_mm),
                 narrow = std::min(design.width_mm, design.height_mm);
    const double hoop_wide = std::max(machine.hoop_width_mm, machine.hoop_height_mm);
    const double hoop_narrow = std::min(machine.hoop_width_mm, machine.hoop_height_mm);
    const bool fits =
        (design.width_mm <= machine.hoop_width_mm && design.height_mm <= machine.hoop_height_mm) ||
        (wide <= hoop_wide && narrow <= hoop_narrow);
    if (!fits) {
        const auto mm = [](double side) { return fmt::format("{:.0f}", side); };
        return stored_reason("hoop", {machine.machine, mm(machine.hoop_width_mm),
                                      mm(machine.hoop_height_mm), mm(design.width_mm),
                                      mm(design.height_mm)});
    }
    const std::size_t threads = threads_of(design).size();
    if (threads > machine.needles)
        return stored_reason("needles", {machine.machine, std::to_string(machine.needles),
                                         std::to_string(threads)});
    return {};
}

double sewing_seconds(const SewingMachine& machine, const SewnDesign& design, std::uint32_t pieces,
                      const SewingTimes& times) {
    const double rounds = std::ceil(static_cast<double>(pieces) / std::max(1U, machine.heads));
    const double one =
        times.frame_s + design.stitches / machine.rpm_max * 60 + times.colour_s * design.colours;
    return std::max(1.0, rounds * one);
}

Result<JobsPlan> plan_jobs(const std::vector<JobOrder>& open,
                           const std::map<std::uint64_t, Order>& orders,
                           const std::vector<PlannedMachine>& machines, Instant now,
                           const solve::Budget& budget, const SewingTimes& times) {
    const QueueDraft draft = draft_of(open, orders, machines, now, times);
    TRY(const auto plan, solve::plan_queues(draft.problem, budget));
    JobsPlan out;
    out.facts = {
        now,  draft.jobs.size(), machines.size(), plan.late_jobs, plan.late_s, plan.setup_s, 0,
        false};
    std::vector<bool> is_placed(draft.jobs.size(), false);
    for (std::uint32_t m = 0; m < draft.problem.machines; ++m) {
        const std::string& name = machines[m].can.machine;
        Instant free = after(now, draft.problem.free_from_s[m]);
        for (std::size_t position = 0; position < plan.queues[m].size(); ++position) {
            const std::uint32_t job = plan.queues[m][position];
            const auto& place = plan.places[job];
            is_placed[job] = true;
            free = after(now, place.end_s);
            out.places.push_back({draft.jobs[job]->number,
                                  name,
                                  static_cast<std::int64_t>(position),
                                  after(now, place.start_s),
                                  free,
                                  place.setup_s,
                                  {}});
        }
        out.free_at[name] = free;
    }
    for (std::size_t job = 0; job < draft.jobs.size(); ++job) {
        if (is_placed[job]) continue;
        Placement none;
        none.job = draft.jobs[job]->number;
        none.machine = draft.jobs[job]->is_pinned ? draft.jobs[job]->machine : std::string();
        none.why = draft.why[job];
        out.places.push_back(std::move(none));
    }
    return out;
}

}  // namespace lineshaft::orders
