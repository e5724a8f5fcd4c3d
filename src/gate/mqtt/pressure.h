// How loaded one shard is and what it does about it: docs/decisions/0008-overload.md. Pure.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/clock.h"

namespace lineshaft::broker {

/// Each level does what those before it do, too. What was acknowledged, and commands that wait for
/// a sleeping machine, are kept at every level.
enum class LoadLevel : std::uint8_t {
    normal,
    no_tls,         ///< new TLS handshakes are refused
    no_sessions,    ///< new sessions are refused with 0x97; sleeping ones may resume
    throttle_qos0,  ///< a connection that sent QoS 0 is read four times a second
    drop_slow,      ///< connections that do not take what is sent to them end with 0x97
    delay_acks,     ///< acknowledgements go out four times a second: receive maximum slows senders
};
inline constexpr std::size_t load_levels = 6;
/// "normal", "no_tls", ...
std::string_view name_of(LoadLevel level);

/// What is measured. All of one shard but memory, which is the process's.
struct LoadSigns {
    io::Steady loop_lag{0};     ///< from asking the loop for a turn until it gives it
    io::Steady commit_wait{0};  ///< age of the oldest round that is not on disk
    double lane = 0;    ///< part of the last moments in which the commit lane was full, 0..1
    double memory = 0;  ///< resident of what is allowed, 0..; 0 when there is no limit
};

/// Reaching any threshold of a level asks for that level.
struct LoadLimits {
    struct Threshold {
        io::Steady loop_lag;
        io::Steady commit_wait;
        double lane;
        double memory;
    };
    std::array<Threshold, load_levels - 1> levels{{
        {io::Steady{150}, io::Steady{1'000}, 0.50, 0.80},
        {io::Steady{250}, io::Steady{1'500}, 0.70, 0.85},
        {io::Steady{400}, io::Steady{2'000}, 0.85, 0.90},
        {io::Steady{700}, io::Steady{3'000}, 0.95, 0.93},
        {io::Steady{1'200}, io::Steady{5'000}, 0.99, 0.96},
    }};
    /// A level is left when every sign is below this part of its threshold.
    double leave_at = 0.7;
    double leave_memory_at = 0.97;     ///< the same for memory, which falls slowly
    io::Steady rise_every{250};        ///< one level at a time
    io::Steady fall_after{600};        ///< calm for so long: one level down
    std::size_t memory_bytes_max = 0;  ///< resident bytes the process may have; 0: no limit
};

/// One level up at once when a sign asks for it, one down after a calm time. Owner: one shard.
class LoadGauge {
public:
    explicit LoadGauge(const LoadLimits& limits) : limits_(limits) {}

    /// True: the level is another one now.
    bool step(const LoadSigns& signs, io::Steady now);
    LoadLevel level() const { return level_; }
    bool is_at(LoadLevel least) const { return level_ >= least; }

    /// The level that `signs` ask for.
    LoadLevel asked(const LoadSigns& signs) const;

private:
    bool is_calm(const LoadSigns& signs) const;

    const LoadLimits& limits_;
    LoadLevel level_ = LoadLevel::normal;
    io::Steady risen_{0};
    io::Steady calm_since_{0};
    bool is_calm_ = false;
    bool has_risen_ = false;
};

/// "the loop is 260 ms late, a commit waits 20 ms, ...": what a person is told.
std::string describe(const LoadSigns& signs);
/// "new sessions are refused": what a level does beyond the one before.
std::string_view effect_of(LoadLevel level);

}  // namespace lineshaft::broker
