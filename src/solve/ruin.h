// Slack induction by string removals: takes neighbouring strings of stops out of neighbouring routes and
// puts their jobs back greedily with blinks. Source: J. Christiaens, G. Vanden Berghe, "Slack
// Induction by String Removals for Vehicle Routing Problems", Transportation Science 54 (2020).
// Inside of solve.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "solve/routes.h"

namespace lineshaft::solve {

struct Strength {
    double removed_mean = 10;   ///< jobs per iteration (the paper's c-bar)
    std::uint32_t string_max = 10;
    double split_share = 0.5, split_growth = 0.01;  ///< the paper's alpha and beta
};

class Ruin {
public:
    Ruin(const Model& model, Strength strength);

    /// Takes jobs out around a random seed; `focus` (may be empty) is preferred for the seed.
    void tear(Routes& routes, Blinks& chance, std::span<const std::uint32_t> focus);
    /// Puts back what was torn out, and tries some that were absent before. False: given up in the
    /// middle, because a plan that leaves out nothing that must be done would cost more than `limit`
    /// (`never`: no such thing). Legs obey the triangle inequality or a few good plans are missed.
    bool mend(Routes& routes, Blinks& chance, double limit);
    /// Everything absent, in a random one of the orders.
    void mend_all(Routes& routes, Blinks& chance);

private:
    void take_string(Routes& routes, Blinks& chance, std::uint32_t job, double longest);
    void sort(std::vector<std::uint32_t>& jobs, Blinks& chance);
    bool put_back(Routes& routes, Blinks& chance, double limit);

    const Model& model_;
    Strength strength_;
    std::vector<std::uint32_t> torn_, string_;
    std::vector<std::pair<double, std::uint32_t>> keyed_;
    std::vector<std::uint64_t> torn_route_;
    std::uint64_t round_ = 0;
};

}  // namespace lineshaft::solve
