#pragma once
#include <memory>
#include <stop_token>

namespace lineshaft::io {

/// Asks work on another thread to end early. Thread-safe; shared by who asks and who works.
class StopFlag {
public:
    void raise() { source_.request_stop(); }
    bool is_raised() const { return source_.stop_requested(); }
    std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
};
using StopFlagPtr = std::shared_ptr<StopFlag>;

}  // namespace lineshaft::io
