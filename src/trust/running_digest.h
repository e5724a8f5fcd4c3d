// SHA-256 of what comes in pieces: files that are too large to hold.
#pragma once
#include <memory>
#include <string_view>

#include "trust/secrets.h"

namespace lineshaft::trust {

/// One SHA-256 under way. One thread at a time; no limit on what is added.
class RunningDigest {
public:
    RunningDigest();
    ~RunningDigest();
    RunningDigest(RunningDigest&&) noexcept;
    RunningDigest& operator=(RunningDigest&&) noexcept;

    void add(std::string_view bytes);
    /// Of everything added since the last call; afterwards it begins anew.
    Digest finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lineshaft::trust
