#pragma once
#include <functional>
#include <memory>

#include "gate/telemetry/telemetry.h"
#include "io/per_shard.h"
#include "twin/plant.h"

namespace lineshaft::telemetry {

/// JSON of single machines, message by message, into the plant. A machine's names are looked up
/// once; from then on its values go by channel, as long as a message has no new name. Messages of
/// one machine that were taken on one shard are stored in their order. Owner: the program; outlives
/// the shards' loops. Ends with close().
class Inlet {
public:
    Inlet(twin::Plant& plant, io::Shards& shards, Limits limits);
    ~Inlet();

    struct Message {
        OrganisationId organisation;
        std::string_view machine;  ///< a good machine id
        Bytes payload;
        Instant received;
        std::shared_ptr<const void> keeps;  ///< what the views look at
    };
    /// `done` is called on this shard once everything in it is on disk, or refused and counted.
    /// Errors: invalid (as parse), and those of Plant::report.
    using Done = std::move_only_function<void(Result<void>)>;
    void take(Message message, Done done);

    /// From no shard's thread, while they run, before the plant closes.
    void close();

private:
    friend struct InletSteps;
    struct OnShard;

    twin::Plant& plant_;
    io::Shards& shards_;
    const Limits limits_;
    io::PerShard<OnShard> on_shard_;
};

}  // namespace lineshaft::telemetry
