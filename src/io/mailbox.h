#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "io/shard.h"

namespace lineshaft::io {

/// One shard's outgoing mail: what is sent to another shard during one turn of the loop goes
/// there in one post, in order. Mail to oneself is delivered at once. Owner: the sending shard.
template <class T>
class Mailbox {
public:
    /// `deliver` runs on the receiving shard; it must be safe to call until the shards have ended.
    using Deliver = std::function<void(Shard& receiver, std::vector<T> mail)>;

    Mailbox(Shards& shards, Shard& self, Deliver deliver)
        : shards_(shards),
          self_(self),
          deliver_(std::make_shared<Deliver>(std::move(deliver))),
          outgoing_(shards.size()) {}

    void send(ShardIndex to, T item) {
        if (to == self_.index()) {
            std::vector<T> mail;
            mail.push_back(std::move(item));
            (*deliver_)(self_, std::move(mail));
            return;
        }
        outgoing_[to.number()].push_back(std::move(item));
        if (flush_posted_) return;
        flush_posted_ = true;
        self_.post([this] { flush(); });
    }

private:
    void flush() {
        flush_posted_ = false;
        for (std::size_t index = 0; index < outgoing_.size(); ++index) {
            if (outgoing_[index].empty()) continue;
            Shard& receiver = shards_.at(index);
            receiver.post([deliver = deliver_, &receiver,
                           mail = std::exchange(outgoing_[index], {})]() mutable {
                (*deliver)(receiver, std::move(mail));
            });
        }
    }

    Shards& shards_;
    Shard& self_;
    std::shared_ptr<Deliver> deliver_;
    std::vector<std::vector<T>> outgoing_;
    bool flush_posted_ = false;
};

}  // namespace lineshaft::io
