#include "io/wheel.h"

#include <utility>

namespace lineshaft::io {

Wheel::Wheel(const Clock& clock) : clock_(clock), heads_(slots), turned_to_(slot_now()) {}

void Wheel::Timer::disarm() {
    if (wheel_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    --wheel_->armed_;
    wheel_ = nullptr;
    next_ = nullptr;
    link_ = nullptr;
    fire_ = nullptr;
}

void Wheel::arm(Timer& timer, Steady after, std::function<void()> fire) {
    timer.disarm();
    // Rounded up, plus the slot already begun: late by up to one slot, never early.
    const std::int64_t wait =
        (std::max(after, Steady{0}) + slot_width - Steady{1}) / slot_width + 1;
    timer.due_slot_ = std::max(slot_now(), turned_to_) + wait;
    timer.fire_ = std::move(fire);
    timer.wheel_ = this;
    Timer*& head = heads_[static_cast<std::size_t>(timer.due_slot_) % slots];
    timer.next_ = head;
    timer.link_ = &head;
    if (head != nullptr) head->link_ = &timer.next_;
    head = &timer;
    ++armed_;
}

void Wheel::turn() {
    const std::int64_t now = slot_now();
    // After a long pause one round over all slots finds everything that is due.
    std::int64_t slot = std::max(turned_to_ + 1, now - static_cast<std::int64_t>(slots) + 1);
    for (; slot <= now; ++slot) {
        turned_to_ = slot;
        Timer** at = &heads_[static_cast<std::size_t>(slot) % slots];
        while (*at != nullptr) {
            if ((*at)->due_slot_ > now) {
                at = &(*at)->next_;
                continue;
            }
            auto fire = std::move((*at)->fire_);
            (*at)->disarm();
            fire();
            // `fire` may have changed this list: start over; what is not due is skipped cheaply.
            at = &heads_[static_cast<std::size_t>(slot) % slots];
        }
    }
    turned_to_ = std::max(turned_to_, now);
}

}  // namespace lineshaft::io
