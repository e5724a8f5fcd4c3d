#include <gtest/gtest.h>

#include "app/sim/sewing.h"
#include "stitch/files/files.h"

namespace lineshaft::sim {
namespace {

std::string sewing_file(int stitches) {
    stitch::Pattern pattern;
    pattern.name = "test";
    stitch::PatternBuilder builder(pattern);
    for (int index = 0; index < stitches; ++index) {
        if (index == stitches / 2) builder.colour();
        builder.stitch(20 * index, index % 2 * 30);
    }
    return *stitch::write(stitch::Format::dst, pattern);
}

std::string sewing_command(std::string_view method, unsigned sequence, unsigned pieces = 2) {
    return R"({"method":")" + std::string(method) + R"(","job":"J7","sequence":)" +
           std::to_string(sequence) +
           R"(,"name":"J0000007.DST","file":"/f","hash":"good","stitches":100,"pieces":)" +
           std::to_string(pieces) + R"(,"colours":[],"needles":[3,5]})";
}

struct SewingRig {
    explicit SewingRig(double stitches_between_breaks = 0)
        : options(with_breaks(stitches_between_breaks)), sewer(Dice(1), options) {}

    static SewingOptions with_breaks(double stitches) {
        SewingOptions out;
        out.stitches_between_breaks = stitches;
        out.frame_s = 2;
        out.operator_s = 10;
        return out;
    }
    void step(double seconds) {
        for (double done = 0; done < seconds; done += 0.1) {
            now = now + std::chrono::milliseconds{100};
            sewer.step(now);
        }
    }
    SewingOptions options;
    Sewer sewer;
    std::vector<Fetch> fetches;
    Instant now{1'795'000'000'000'000};
};

TEST(Sewing, EveryStitchOfTheFileIsSewnOncePerPiece) {
    SewingRig rig;
    rig.sewer.command(sewing_command("StoreAndStart", 1), rig.now, rig.fetches);
    ASSERT_EQ(rig.fetches.size(), 1U);
    rig.step(5);
    EXPECT_EQ(rig.sewer.stitches_sewn(), 0U) << "without its file nothing is sewn";
    rig.sewer.file(7, sewing_file(100), "good", rig.now);
    EXPECT_EQ(rig.sewer.now().answer, R"({"job":"J7","sequence":1,"ok":true})");
    rig.step(5);
    EXPECT_EQ(rig.sewer.now().job_state, "Running");
    EXPECT_EQ(rig.sewer.now().needle, 3U);
    // Late and doubled commands change nothing.
    rig.sewer.command(sewing_command("StoreAndStart", 1), rig.now, rig.fetches);
    EXPECT_EQ(rig.fetches.size(), 1U);
    rig.step(60);
    EXPECT_EQ(rig.sewer.now().job_state, "Ended");
    EXPECT_EQ(rig.sewer.stitches_sewn(), 200U);
    EXPECT_TRUE(rig.sewer.now().results.contains(R"("pieces":2,"stitches":200)"))
        << rig.sewer.now().results;
    rig.sewer.command(sewing_command("StoreAndStart", 9), rig.now, rig.fetches);
    rig.step(30);
    EXPECT_EQ(rig.sewer.stitches_sewn(), 200U) << "what is over is never begun again";
    rig.sewer.command(sewing_command("Clear", 10), rig.now, rig.fetches);
    EXPECT_EQ(rig.sewer.now().results, "[]");
}

TEST(Sewing, AFileWithAnotherHashIsRefused) {
    SewingRig rig;
    rig.sewer.command(sewing_command("StoreAndStart", 1), rig.now, rig.fetches);
    rig.sewer.file(7, sewing_file(100), "bad", rig.now);
    EXPECT_EQ(rig.sewer.now().answer,
              R"({"job":"J7","sequence":1,"ok":false,"why":"the file's hash is another"})");
    rig.sewer.file(7, sewing_file(100), "good", rig.now);
    rig.step(30);
    EXPECT_EQ(rig.sewer.stitches_sewn(), 0U);
}

TEST(Sewing, PausesBreaksAndStopsAreTold) {
    SewingRig rig(20);
    rig.sewer.command(sewing_command("StoreAndStart", 1, 50), rig.now, rig.fetches);
    rig.sewer.file(7, sewing_file(100), "good", rig.now);
    rig.step(120);
    rig.sewer.command(sewing_command("Pause", 2), rig.now, rig.fetches);
    const auto sewn = rig.sewer.stitches_sewn();
    rig.step(60);
    EXPECT_EQ(rig.sewer.stitches_sewn(), sewn) << "it rests";
    EXPECT_EQ(rig.sewer.now().stop, "operator");
    rig.sewer.command(sewing_command("Resume", 3), rig.now, rig.fetches);
    rig.step(120);
    EXPECT_GT(rig.sewer.stitches_sewn(), sewn);
    EXPECT_GT(rig.sewer.now().breaks[0], 0U);
    rig.sewer.command(sewing_command("Stop", 4), rig.now, rig.fetches);
    EXPECT_TRUE(rig.sewer.now().results.contains(R"("reason":)"));
    EXPECT_EQ(rig.sewer.now().job_state, "Ended");
}

}  // namespace
}  // namespace lineshaft::sim
