#include "app/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace lineshaft::app {
namespace {

TEST(Settings, EveryDefaultIsAllowedAndReadsBack) {
    for (const auto& key : keys()) {
        Settings settings;
        const std::string text = key.text(settings);
        EXPECT_TRUE(key.assign(settings, text)) << key.name << " = " << text;
        EXPECT_EQ(key.text(settings), text) << key.name;
        EXPECT_TRUE(key.sentence.ends_with('.')) << key.name;
    }
}

TEST(Settings, SizesAndTimesTakeLetters) {
    Settings settings;
    ASSERT_TRUE(set(settings, "mqtt.session_queue_bytes", "1G").has_value());
    EXPECT_EQ(settings.mqtt_session_queue_bytes, 1 << 30);
    ASSERT_TRUE(set(settings, "history.future_max", "2h").has_value());
    EXPECT_EQ(settings.history_future_max_s, 7200);
    EXPECT_FALSE(set(settings, "history.future_max", "2M").has_value());
}

TEST(Settings, ABadValueNamesKeyValueAndWhatIsAllowed) {
    Settings settings;
    const auto bad = set(settings, "mqtt.packet_bytes_max", "12");
    ASSERT_FALSE(bad.has_value());
    EXPECT_NE(bad.error().context.find("mqtt.packet_bytes_max"), std::string::npos);
    EXPECT_NE(bad.error().context.find("\"12\""), std::string::npos);
    EXPECT_NE(bad.error().context.find("1024 .. 268435455"), std::string::npos);
    const auto unknown = set(settings, "mqtt.packet_byte_max", "2048");
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().code, Code::not_found);
    EXPECT_NE(unknown.error().context.find("did you mean mqtt.packet_bytes_max"),
              std::string::npos);
}

TEST(Settings, PlainTextStaysOnLoopbackUnlessAFlagSaysSo) {
    Settings settings;
    ASSERT_TRUE(set(settings, "mqtt.listen", "*:1883").has_value());
    const auto refused = check(settings);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::denied);
    ASSERT_TRUE(set(settings, "trust.plaintext_off_loopback", "true").has_value());
    EXPECT_TRUE(check(settings).has_value());
}

TEST(Settings, AFileNamesTheLineOfAMistake) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("lineshaft-settings-" + std::to_string(::getpid()) + ".toml");
    std::ofstream(path) << "[mqtt]\nlisten = \"127.0.0.1:0\"\nsessions_max = 0\n";
    Settings settings;
    const auto bad = read_file(settings, path);
    std::filesystem::remove(path);
    ASSERT_FALSE(bad.has_value());
    EXPECT_NE(bad.error().context.find("line 3"), std::string::npos) << bad.error().context;
    EXPECT_EQ(settings.mqtt_listen, "127.0.0.1:0");
}

}  // namespace
}  // namespace lineshaft::app
