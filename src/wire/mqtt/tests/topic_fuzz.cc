// Properties: the tree agrees with `matches` for every filter and topic, both ways round; checks
// on any text never crash; what covers a filter matches all that the filter matches.
#include <string>
#include <vector>

#include "base/check.h"
#include "wire/mqtt/subscription_tree.h"
#include "wire/mqtt/topic.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lineshaft::mqtt;
    if (size > 4096) return 0;
    std::vector<std::string> filters, topics;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const std::string line(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        (void)is_mqtt_text(line);
        (void)is_plain_level(line);
        (void)fits(line, {});
        const auto parts = parse_filter(line);
        if (parts) filters.emplace_back(parts->filter);
        if (is_topic_name(line)) topics.push_back(line);
    }
    SubscriptionTree<std::size_t, char> subscriptions;
    TopicTree<std::size_t> names;
    for (std::size_t index = 0; index < filters.size(); ++index) {
        subscriptions.insert(filters[index], index, 0);
    }
    for (std::size_t index = 0; index < topics.size(); ++index) names.insert(topics[index], index);
    for (const std::string& topic : topics) {
        std::vector<bool> found(filters.size());
        subscriptions.match(topic, [&](const auto& entry) {
            CHECK(!found[entry.key]);
            found[entry.key] = true;
        });
        for (std::size_t index = 0; index < filters.size(); ++index) {
            CHECK(found[index] == matches(filters[index], topic));
        }
    }
    for (const std::string& filter : filters) {
        std::size_t count = 0;
        names.match(filter, [&](std::size_t index) {
            CHECK(matches(filter, topics[index]));
            ++count;
        });
        for (const std::string& other : filters) {
            if (!covers(filter, other)) continue;
            for (const std::string& topic : topics) {
                CHECK(!matches(other, topic) || matches(filter, topic));
            }
        }
        CHECK(count <= names.size());
    }
    for (std::size_t index = 0; index < filters.size(); ++index) {
        CHECK(subscriptions.erase(filters[index], index));
    }
    for (const std::string& topic : topics) (void)names.erase(topic);
    CHECK(subscriptions.node_count() == 1 && names.node_count() == 1);
    return 0;
}
