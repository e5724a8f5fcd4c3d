// Hub::ask_all, for those who use it.
#pragma once
#include "gate/mqtt/hub.h"

namespace lineshaft::broker {

template <class T>
void Hub::ask_all(std::function<T(Hub&)> ask, std::move_only_function<void(std::vector<T>)> then) {
    struct Answers {
        std::vector<T> list;
        std::size_t missing;
        std::move_only_function<void(std::vector<T>)> then;
    };
    auto answers = std::make_shared<Answers>(std::vector<T>(count()), count(), std::move(then));
    for (std::uint32_t hub = 0; hub < count(); ++hub) {
        post(hub, [ask, answers, from = index](Hub& there) {
            auto answer = std::make_shared<T>(ask(there));
            there.post(from, [answers, answer, at = there.index](Hub&) {
                answers->list[at] = std::move(*answer);
                if (--answers->missing == 0) answers->then(std::move(answers->list));
            });
        });
    }
}

}  // namespace lineshaft::broker
