#include "solve_days.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>

#include "solve/routes.h"
#include "solve/solve.h"
#include "solve_sets.h"

namespace lineshaft::bench {
namespace {

constexpr std::string_view kinds[] = {"c1", "c2", "r1", "r2", "rc1", "rc2"};

struct Customer {
    double x = 0, y = 0;
    int demand = 0, ready = 0, due = 0, service = 0;
};

struct Shape {
    bool is_short = false, is_clustered = false, is_mixed = false;
    double side = 500;
    int horizon = 0, capacity = 0, service = 10, per_cluster = 10;
    double spread = 8;
    int width_least = 0, width_most = 0;
};

Shape shape_of(std::string_view kind, std::size_t size) {
    Shape shape;
    shape.is_short = kind.ends_with('1');
    shape.is_clustered = kind.starts_with('c');
    shape.is_mixed = kind.starts_with("rc");
    shape.side = 500 * std::sqrt(double(size) / 1000);
    shape.horizon = shape.is_short ? 1'900 : shape.is_clustered ? 4'000 : 7'600;
    shape.capacity = shape.is_short ? 200 : shape.is_clustered ? 700 : 1'000;
    shape.service = shape.is_clustered ? 90 : 10;
    shape.per_cluster = shape.is_short ? 10 : 32;
    shape.spread = shape.is_short ? 8 : 14;
    shape.width_least = shape.is_short ? (shape.is_clustered ? 60 : 30) : 200;
    shape.width_most = shape.is_short ? (shape.is_clustered ? 180 : 120) : 600;
    return shape;
}

class Maker {
public:
    Maker(Shape shape, std::uint64_t seed) : shape_(shape), chance_(seed) {
        depot_ = std::round(shape_.side / 2);
    }

    std::vector<Customer> make(std::size_t size) {
        const std::size_t in_clusters = shape_.is_clustered ? size : shape_.is_mixed ? size / 2 : 0;
        while (all_.size() < in_clusters)
            add_cluster(std::min(in_clusters - all_.size(), std::size_t(shape_.per_cluster)));
        while (all_.size() < size) {
            Customer one = at(chance_.uniform() * shape_.side, chance_.uniform() * shape_.side);
            const double way = way_home(one);
            open_around(one, way + chance_.uniform() * (shape_.horizon - 2 * way - one.service));
            all_.push_back(one);
        }
        return std::move(all_);
    }
    double depot() const { return depot_; }

private:
    double way_home(const Customer& one) const { return std::ceil(std::hypot(one.x - depot_, one.y - depot_)); }
    Customer at(double x, double y) {
        Customer one;
        one.x = std::round(std::clamp(x, 0.0, shape_.side));
        one.y = std::round(std::clamp(y, 0.0, shape_.side));
        one.demand = 1 + int(chance_.below(35));
        one.service = shape_.service;
        one.due = int(shape_.horizon - way_home(one) - one.service);
        return one;
    }
    void open_around(Customer& one, double middle) {
        const int width = shape_.width_least + int(chance_.below(std::size_t(shape_.width_most - shape_.width_least)));
        if (chance_.below(4) == 0) return;  // open all day
        one.ready = std::clamp(int(middle) - width / 2, 0, one.due);
        one.due = std::min(one.due, one.ready + width);
    }
    /// Customers around a point, open when a tour from one to the nearest next would come by.
    void add_cluster(std::size_t count) {
        const double x = chance_.uniform() * shape_.side, y = chance_.uniform() * shape_.side;
        std::vector<Customer> mine;
        for (std::size_t i = 0; i < count; ++i) {
            const double far = shape_.spread * std::sqrt(-2 * std::log(chance_.uniform()));
            const double angle = 2 * std::numbers::pi * chance_.uniform();
            mine.push_back(at(x + far * std::cos(angle), y + far * std::sin(angle)));
        }
        for (std::size_t i = 1; i < mine.size(); ++i)
            std::ranges::swap(mine[i], *std::ranges::min_element(mine.begin() + std::ptrdiff_t(i), mine.end(), {}, [&](const Customer& next) {
                return std::hypot(next.x - mine[i - 1].x, next.y - mine[i - 1].y);
            }));
        const double work = double(count) * (shape_.service + shape_.spread);
        double clock = way_home(mine.front()) + chance_.uniform() * std::max(1.0, shape_.horizon - work - 2 * way_home(mine.front()));
        for (std::size_t i = 0; i < mine.size(); ++i) {
            if (i > 0) clock += shape_.service + std::hypot(mine[i].x - mine[i - 1].x, mine[i].y - mine[i - 1].y);
            open_around(mine[i], clock);
            all_.push_back(mine[i]);
        }
    }

    Shape shape_;
    solve::Blinks chance_;
    double depot_ = 0;
    std::vector<Customer> all_;
};

double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

struct Found {
    double distance = 0;
    std::size_t vehicles = 0;
    std::uint64_t iterations = 0;
    bool is_whole = false;
};

Result<Found> search(const solve::Problem& problem, const Days& wanted, double seconds) {
    solve::Options options;
    options.seed = wanted.seed;
    if (wanted.vehicles_first) options.objective = solve::Objective::vehicles_then_cost;
    const double begun = thread_seconds();
    options.budget.spent = [&] { return (thread_seconds() - begun) / seconds; };
    TRY(const auto outcome, solve::solve(problem, options));
    return Found{outcome.plan.cost.distance, outcome.plan.routes.size(), outcome.iterations,
                 outcome.plan.cost.missing == 0};
}

}  // namespace

std::string made_day(const std::string& kind, std::size_t size, std::uint64_t seed) {
    if (std::ranges::find(kinds, kind) == std::end(kinds)) return {};
    const Shape shape = shape_of(kind, size);
    Maker maker(shape, seed);
    const std::vector<Customer> customers = maker.make(size);
    std::string text = fmt::format("{}_{}_{}\n\nVEHICLE\nNUMBER CAPACITY\n{} {}\n\nCUSTOMER\n", kind, size, seed,
                                   size / 4, shape.capacity);
    text += "CUST NO. XCOORD. YCOORD. DEMAND READY TIME DUE DATE SERVICE TIME\n\n";
    text += fmt::format("0 {0} {0} 0 0 {1} 0\n", maker.depot(), shape.horizon);
    for (std::size_t i = 0; i < customers.size(); ++i) {
        const Customer& one = customers[i];
        text += fmt::format("{} {} {} {} {} {} {}\n", i + 1, one.x, one.y, one.demand, one.ready, one.due, one.service);
    }
    return text;
}

bool run_days(const Days& wanted) {
    std::vector<double> gaps(wanted.curve.size(), 0);
    std::size_t count = 0;
    for (const std::string_view kind : kinds) {
        if (!wanted.filter.empty() && kind != wanted.filter) continue;
        const std::string text = made_day(std::string(kind), wanted.size, wanted.seed);
        if (!wanted.folder.empty())
            std::ofstream(fmt::format("{}/{}_{}_{}.txt", wanted.folder, kind, wanted.size, wanted.seed)) << text;
        const auto problem = read_solomon(text);
        if (!problem) return fmt::print("{}: {}\n", kind, problem.error().context), false;
        std::vector<Found> all;
        for (const double seconds : wanted.curve) {
            const auto found = search(*problem, wanted, seconds);
            if (!found) return fmt::print("{}: {}\n", kind, found.error().context), false;
            fmt::print("{:4} seed {}  {:7.1f} s  {:11.2f} with {:3} vehicles  {:9} iterations{}\n", kind, wanted.seed, seconds,
                       found->distance, found->vehicles, found->iterations, found->is_whole ? "" : "  NOT ALL SERVED");
            std::fflush(stdout);
            all.push_back(*found);
        }
        if (all.empty()) continue;
        const double best = std::ranges::min(all, {}, &Found::distance).distance;
        for (std::size_t i = 0; i < all.size(); ++i) gaps[i] += 100 * (all[i].distance / best - 1);
        ++count;
    }
    if (count == 0 || wanted.curve.empty()) return count > 0 || !wanted.folder.empty();
    fmt::print("{} customers, {}, 1 thread, above the best of each row:", wanted.size,
               wanted.vehicles_first ? "vehicles then distance" : "distance");
    for (std::size_t i = 0; i < gaps.size(); ++i) fmt::print("  {} s {:.2f} %", wanted.curve[i], gaps[i] / double(count));
    fmt::print("\n");
    return true;
}

}  // namespace lineshaft::bench
