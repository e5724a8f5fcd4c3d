// The rows of custom production: orders, job orders, pieces, machines that sew, what it costs.
// Times are UTC instants, money is a whole number of the currency's smallest unit.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "dispatch/jobs/job.h"

namespace lineshaft::orders {

using dispatch::JobMethod;
using dispatch::JobState;
using dispatch::JobSubstate;

enum class OrderState : std::uint8_t {
    fresh = 0,
    planned = 1,
    running = 2,
    held = 3,
    done = 4,
    refused = 5
};
inline constexpr OrderState all_order_states[] = {OrderState::fresh,   OrderState::planned,
                                                  OrderState::running, OrderState::held,
                                                  OrderState::done,    OrderState::refused};
std::string_view name_of(OrderState state);  ///< "new", "planned", ...
std::optional<OrderState> order_state_named(std::string_view name);

struct Prices {
    std::string currency = "CNY";
    std::int64_t setup_minor = 1'000, thousand_stitches_minor = 150, colour_minor = 100,
                 piece_min_minor = 500;
    std::int64_t machine_hour_minor = 6'000, thread_km_minor = 2'000;  ///< what it costs, not asks
    bool operator==(const Prices&) const = default;
};

/// What is sewn, as it was when it was ordered: the design may go, its file stays with the order.
struct SewnDesign {
    std::uint64_t id = 0;
    std::string name;
    std::string hash;  ///< SHA-256 of the DST file, hexadecimal
    std::uint32_t stitches = 0, colours = 0;
    double minutes = 0, width_mm = 0, height_mm = 0, thread_m = 0;
    std::vector<std::string> threads;  ///< "#a01030", in sewing order
    std::string fabric{};              ///< what it was digitised for, "twill"; empty: not known
};

struct NewOrder {
    SewnDesign design;
    std::string file;  ///< DST
    std::uint32_t quantity = 1;
    std::string customer, contact, note;
    std::optional<Instant> due_at;
    int priority = 50;       ///< 0..100
    std::uint64_t link = 0;  ///< the shop link it came through; 0: the order desk
    std::string by;
    std::string code;  ///< its id for people, made of random bits
    std::string cloth{};  ///< colour of the cloth: a word or "#22304d"; empty: nobody chose
};

struct Order {
    std::uint64_t number = 0;
    OrganisationId organisation{};
    std::string code;
    OrderState state = OrderState::fresh;
    bool is_held = false;
    std::string why;  ///< a stored reason (reason.h), as a job order's
    SewnDesign design;
    std::uint32_t quantity = 1;
    std::string customer, contact, note, cloth;
    int priority = 50;
    Instant placed_at{};
    std::optional<Instant> due_at, done_at;
    std::string currency;
    std::int64_t total_minor = 0;
    std::uint64_t link = 0;
    std::string identifier;  ///< empty: no prefix is configured
    std::uint32_t good = 0, rework = 0, scrap = 0;
};

enum class Delivery : std::uint8_t { mqtt = 0, folder = 1, http = 2 };
std::string_view name_of(Delivery delivery);
std::optional<Delivery> delivery_named(std::string_view name);

/// One run of a design on one machine.
struct JobOrder {
    std::uint64_t number = 0;
    OrganisationId organisation{};
    std::uint64_t order = 0;
    std::string machine;  ///< empty: unplanned
    std::int64_t position = 0;
    bool is_pinned = false;
    JobState state = JobState::allowed_to_start;
    JobSubstate substate = JobSubstate::waiting;
    std::optional<JobMethod> asked;
    std::uint32_t sequence = 0, answered = 0;  ///< of commands to the machine
    std::uint32_t wanted = 1, good = 0, rework = 0, scrap = 0;
    std::uint64_t stitches = 0;  ///< sewn in all
    std::optional<Instant> planned_start, planned_end, given_at, delivered_at, began_at, ended_at;
    double setup_s = 0;  ///< planned
    double sewing_s = 0, setup_done_s = 0;
    std::uint64_t replaces = 0;
    bool is_final = false;  ///< aborted for good: nothing takes its place
    std::string file_hash;  ///< of the machine's own file, once given
    std::string why;
    std::vector<std::uint32_t> breaks;  ///< by head
    // Of its machine, as it is known now; nothing: no machine, or one nobody knows any more.
    std::string dialect;
    std::optional<Delivery> delivery;

    std::uint32_t left() const {
        const std::uint32_t used = good + rework + scrap;
        return used < wanted ? wanted - used : 0;
    }
    bool is_given() const { return given_at.has_value(); }
};
std::string job_text(std::uint64_t number);                         ///< "J12"
std::string barcode_of(std::uint64_t number);                       ///< "J0000012", 8.3
std::optional<std::uint64_t> job_number_of(std::string_view text);  ///< of either

enum class Quality : std::uint8_t { good = 0, rework = 1, scrap = 2, surplus = 3 };
std::string_view name_of(Quality quality);
std::optional<Quality> quality_named(std::string_view name);

struct Piece {
    std::uint64_t order = 0;
    std::uint32_t number = 0;  ///< from 1, in its order
    std::uint64_t job = 0;
    std::uint32_t index = 0;  ///< from 1, in its job order
    Quality quality = Quality::good;
    std::uint32_t stitches = 0, breaks = 0;
    std::optional<Instant> began_at;
    Instant done_at{};
    std::string machine;
    std::string identifier;
};

/// What a machine can sew.
struct SewingMachine {
    OrganisationId organisation{};
    std::string machine;
    bool is_told = false;  ///< people said so; else the machine
    bool is_enabled = true;
    std::uint32_t heads = 1, needles = 15;
    double hoop_width_mm = 360, hoop_height_mm = 360;
    double rpm_max = 850;
    std::string dialect = "tajima";
    Delivery delivery = Delivery::mqtt;
    std::string folder;
    std::vector<std::string> threads;  ///< by needle; empty: none
    bool operator==(const SewingMachine&) const = default;
};

struct Stop {
    std::string reason;
    Instant at{};
    double seconds = 0;
    std::uint32_t stitch = 0, needle = 0, head = 0;
};

/// What a machine says of a job order: docs/protocols/embroidery-machine.md. Numbers only grow.
struct PieceReport {
    std::uint32_t index = 0;
    std::uint32_t stitches = 0, breaks = 0;
    std::optional<Instant> began, at;
};
struct Report {
    std::uint64_t job = 0;
    std::optional<JobState> state;
    std::optional<std::uint32_t> good, rework, scrap;
    std::optional<std::uint64_t> stitches;
    std::optional<Instant> began, ended;
    std::optional<double> sewing_s, setup_s;
    std::vector<std::uint32_t> breaks;
    std::vector<Stop> stops;
    std::vector<PieceReport> done;
};

struct ShopLink {
    std::uint64_t id = 0;
    OrganisationId organisation{};
    std::string name;
    Instant created_at{};
    std::string created_by;
    std::optional<Instant> expires_at, revoked_at;
    std::int64_t orders_per_hour = 60, quantity_max = 100;
    std::int64_t orders = 0;
};

struct OrderEvent {
    std::uint64_t id = 0;
    std::uint64_t order = 0, job = 0;
    Instant at{};
    std::string kind, text, by;  ///< `text`: a stored reason
};

struct Limits {
    std::size_t open_orders_max = 10'000;  ///< in one organisation
    std::size_t links_max = 1'000;         ///< not revoked, in one organisation
    std::uint32_t quantity_max = 1'000;
    std::uint32_t pieces_per_job_max = 100;  ///< larger orders are several job orders
    std::size_t text_bytes_max = 1'024;
    std::size_t cloth_bytes_max = 32;
    std::size_t file_bytes_max = 4 << 20;
    unsigned failed_deliveries_max = 3;  ///< then the order is held
    std::size_t stops_max = 200;         ///< in one report
    std::size_t pieces_max = 1'000;      ///< in one report
};

}  // namespace lineshaft::orders
