#pragma once
#include <functional>
#include <list>
#include <string>

#include "io/task.h"

namespace lineshaft::io {

/// The coroutines one owner started. Every one of them ends before the nursery does: close() asks
/// all to stop and waits. Owner: one shard; destroying it with children alive is a bug.
/// A child that throws is logged with the nursery's name and ends alone.
class Nursery {
public:
    explicit Nursery(std::string name) : name_(std::move(name)) {}
    ~Nursery();
    Nursery(const Nursery&) = delete;

    /// Starts `child` on the current shard. `stop` is called at most once, at close(), and must
    /// make the child end soon (close its stream, fire its timer).
    void spawn(Task<void> child, std::function<void()> stop = {});

    std::size_t size() const { return children_.size(); }
    bool is_closing() const { return closing_; }

    /// Asks every child to stop and returns when the last one has ended. Nothing can be spawned
    /// after it began: such a child is dropped unstarted.
    Task<void> close();

private:
    struct Child {
        std::function<void()> stop;
    };
    void ended(std::list<Child>::iterator child);

    std::string name_;
    std::list<Child> children_;
    bool closing_ = false;
    std::function<void()> all_ended_;
};

}  // namespace lineshaft::io
