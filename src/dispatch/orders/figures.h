// What an order is asked for, what it cost, and how well machines were used. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "dispatch/orders/types.h"

namespace lineshaft::orders {

struct QuoteItem {
    std::string what;  ///< "setup", "stitches", "colours", "minimum"
    double count = 0;
    std::int64_t unit_minor = 0, amount_minor = 0;
};
struct Quote {
    std::vector<QuoteItem> items;
    std::int64_t piece_minor = 0, total_minor = 0;
    double minutes = 0;
};
/// Once setting up; for each piece its stitches by the thousand and its colours, at least
/// piece_min.
Quote quote_of(const Prices& prices, const SewnDesign& design, std::uint32_t quantity);

struct CostItem {
    std::string what;  ///< "machine_time", "setup", "stops", "thread", "scrap"
    double count = 0;
    std::string unit;
    std::int64_t amount_minor = 0;
};
struct Cost {
    std::vector<CostItem> items;
    std::int64_t total_minor = 0;
};
/// Of what has happened so far. `stops_s`: of the order's job orders.
Cost cost_of(const Prices& prices, const Order& order, const std::vector<JobOrder>& jobs,
             double stops_s);

/// ISO 22400-2's times in seconds; docs/protocols/orders-api.md says what each is here.
struct Oee {
    double pbt = 0, aubt = 0, aupt = 0, apt = 0, asut = 0, adot = 0, pru = 0;
    std::uint64_t pq = 0, gq = 0, rq = 0, sq = 0;
    std::optional<double> availability() const { return ratio(apt, pbt); }
    std::optional<double> effectiveness() const {
        return ratio(pru * static_cast<double>(pq), apt);
    }
    std::optional<double> quality() const {
        return ratio(static_cast<double>(gq), static_cast<double>(pq));
    }
    std::optional<double> oee() const;
    std::optional<double> utilisation() const { return ratio(apt, aubt); }
    std::optional<double> setup_rate() const { return ratio(asut, aupt); }
    std::optional<double> scrap() const {
        return ratio(static_cast<double>(sq), static_cast<double>(pq));
    }
    std::optional<double> rework() const {
        return ratio(static_cast<double>(rq), static_cast<double>(pq));
    }

private:
    static std::optional<double> ratio(double part, double whole);
};
/// One job order that ran on the machine, as the figures need it.
struct Ran {
    Instant began{}, ended{};
    double setup_s = 0, stops_s = 0;
    std::uint64_t good = 0, rework = 0, scrap = 0;
    std::uint32_t stitches = 0;  ///< of one piece
};
/// Over a window: what lies partly in it counts by its share. `planned`: when the machine was to
/// work, in any order; PBT is the part of the window that one of them, or a job order, takes up: who
/// sews outside the shifts planned to. `rpm_max` of the machine makes PRU.
Oee oee_of(const std::vector<Ran>& jobs, Window window, std::vector<Window> planned,
           double rpm_max);

}  // namespace lineshaft::orders
