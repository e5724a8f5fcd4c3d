#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/sim/client.h"
#include "app/sim/dice.h"
#include "base/bytes.h"
#include "dispatch/jobs/receiver.h"
#include "stitch/files/pattern.h"
#include "wire/sparkplug/edge.h"

namespace lineshaft::sim {

struct SewingOptions {
    std::uint64_t seed = 1;
    unsigned machines = 1;  ///< at most 400
    std::string group = "sewing", node = "hall";
    double speed = 1;  ///< so many times as fast as life
    double rpm = 850;
    unsigned heads = 1, needles = 15;
    double hoop_width_mm = 360, hoop_height_mm = 360;
    double stitches_between_breaks = 12'000;  ///< 0: the thread never breaks
    double operator_s = 60;                   ///< mean time until somebody has mended it
    double frame_s = 20, colour_s = 8, trim_s = 4;
    unsigned corrupted = 0;  ///< of the first files that are fetched
    std::chrono::milliseconds report_every{1'000};
};

/// A file a machine wants from the node.
struct Fetch {
    std::string device;
    std::uint64_t job = 0;
    std::string target;  ///< path of the URL
};

/// One machine that sews what it was told: obeys commands at most once (dispatch::JobReceiver),
/// sews the file stitch by stitch at its speed, stops when a thread breaks, and reports. Pure;
/// docs/protocols/embroidery-machine.md is the contract.
class Sewer {
public:
    Sewer(Dice dice, const SewingOptions& options);

    /// A JSON text of Job/Command. What it wants fetched is appended.
    void command(std::string_view text, Instant now, std::vector<Fetch>& fetches);
    /// What came of a fetch; `sha256` hexadecimal. Empty bytes: nothing came.
    void file(std::uint64_t job, std::string bytes, std::string_view sha256, Instant now);
    void step(Instant now);

    struct Now {
        std::string state = "Idle", job, job_state, answer = "{}", results = "[]", design, hash,
                    stop, command = "{}";
        std::uint32_t stitch = 0, total = 0, colour = 0, needle = 0, rpm = 0, pieces = 0;
        std::vector<std::uint32_t> breaks;
        bool operator==(const Now&) const = default;
    };
    const Now& now() const { return now_; }
    std::uint64_t stitches_sewn() const { return sewn_; }  ///< since it was switched on

private:
    struct Stopped {
        std::string reason;
        Instant at;
        double seconds = 0;
        std::uint32_t stitch = 0, needle = 0;
    };
    struct Done {
        std::uint32_t piece = 0, stitches = 0, breaks = 0;
        Instant began, at;
    };
    struct Job {
        std::string design, hash, name, target;
        std::uint32_t pieces = 1;
        std::uint32_t sequence = 0;  // of the Store, to be answered when the file is here
        std::vector<unsigned> needles;
        std::vector<stitch::Step> steps;
        std::uint32_t total = 0;
        bool has_file = false;
        // Sewing.
        std::size_t at = 0;
        std::uint32_t done = 0, in_piece = 0, colour = 0, piece_breaks = 0;
        std::uint64_t stitches = 0;
        double sewing_s = 0, setup_s = 0;
        Instant began, ended, piece_began;
        std::vector<Stopped> stops;
        std::vector<Done> pieces_done;
        std::vector<std::uint32_t> breaks;
    };
    void answer(std::uint64_t job, std::uint32_t sequence, bool is_good, std::string_view why);
    void begin(std::uint64_t job, Instant now);
    void move(std::uint64_t job, dispatch::JobState to, Instant now);
    void finish(std::uint64_t job, Instant now);
    void sew(Job& job, double seconds, Instant now);
    void sew_one(Job& job, const stitch::Step& step, Instant now);
    void show(Instant now);
    void show_results();
    std::string report_of(std::uint64_t number, const Job& job) const;

    Dice dice_;
    const SewingOptions& options_;
    dispatch::JobReceiver receiver_;
    std::map<std::uint64_t, Job> jobs_;
    std::vector<std::uint64_t> over_;  // not cleared yet, oldest first
    std::uint64_t current_ = 0;
    double left_s_ = 0;  // of setting up or of a stop
    double next_break_ = 0, debt_s_ = 0;
    bool is_stopped_ = false, is_setting_up_ = false;
    std::uint64_t sewn_ = 0;
    std::optional<Instant> lived_until_;
    Now now_;
};

/// Machines that sew behind one Sparkplug edge node: devices m1, m2, ... The owner fetches what
/// take_fetches() gives and hands it in by on_file().
class SewingHall final : public Client {
public:
    SewingHall(SewingOptions options, Instant start);

    std::string client_id() const override { return options_.group + "-" + options_.node; }
    std::optional<Publication> will(Instant now) override { return edge_.will(now); }
    std::vector<std::string> filters() const override { return edge_.filters(); }
    std::vector<Publication> connected(Instant now) override { return edge_.connected(now); }
    void lost() override { edge_.lost(); }
    std::vector<Publication> step(Instant now) override;
    std::vector<Publication> on_message(std::string_view topic, Bytes payload,
                                        Instant now) override;
    std::vector<Publication> goodbye(Instant now) override { return {edge_.disconnect(now)}; }

    std::vector<Fetch> take_fetches() { return std::exchange(fetches_, {}); }
    void on_file(const Fetch& fetch, std::string bytes, std::string_view sha256, Instant now);
    /// Of the first `corrupted` files: one bit is another.
    void maybe_corrupt(std::string& bytes);
    const Sewer& machine(std::size_t index) const { return places_[index]->sewer; }

private:
    struct Place {
        Sewer sewer;
        std::vector<sparkplug::Value> told;
        Instant told_at, results_at;
    };
    void report(std::size_t index, Instant at, std::vector<Publication>& out);

    SewingOptions options_;
    sparkplug::Edge edge_;
    std::vector<std::unique_ptr<Place>> places_;
    std::vector<Fetch> fetches_;
    unsigned corrupted_ = 0;
};

}  // namespace lineshaft::sim
