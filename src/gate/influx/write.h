// Inside gate/influx: one body of lines on its way to the plant.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash128.h"
#include "gate/influx/answers.h"
#include "gate/influx/door.h"
#include "twin/channel_cache.h"
#include "twin/intake.h"

namespace lineshaft::influx {

/// Reads a body line by line, hands it over in rounds, and knows what to answer. Lives in the frame
/// of one request.
///
/// A round goes by channel as long as every line's head and fields are known, which costs neither
/// names nor tags; from the first line that is not, it goes by name. Rounds are stored one after the
/// other, so of two values of one instant the later line's always wins.
class Write {
public:
    Write(Door& door, trust::PrincipalPtr who, Dialect dialect, Precision precision,
          std::string_view body);

    /// Until the body ends; resumes when everything is on disk or refused.
    io::Task<io::http::Response> run();

private:
    struct Noted {
        std::string machine, name, value;
    };
    void begin();
    bool read_round();  // false: the body has ended
    bool read_by_channel(bool& is_more);
    bool put_known();  // false: not all of the line's fields are known
    void refuse_bad();
    void take(const Line& line);
    void take_fields(const Line& line, std::vector<history::TagSample>& into,
                     std::string_view machine);
    void note_tags(const Line& line, std::string_view machine, const Tag* named_by);
    void refuse(std::size_t line, std::string why);
    void freshen_heads();
    void learn();
    io::http::Response answer() const;

    Door& door_;
    Door::OnShard& here_;
    trust::PrincipalPtr who_;
    Dialect dialect_;
    std::string_view body_;
    Precision precision_;
    bool is_utf8_;
    std::optional<LineReader> reader_;
    twin::Intake intake_;
    twin::NewChannels new_channels_;
    Instant received_;
    std::uint64_t scope_;       // who may use a channel: hashed with what was sent
    Hash128 head_;              // of the line being read
    bool goes_by_name_ = false;  // to the end of the body
    bool has_line_ = false;      // its head is read, and it belongs to the next round
    std::vector<Hash128> keys_;  // of the fields of the line being read
    std::vector<const twin::Channel*> found_;
    twin::Told told_;
    std::vector<Noted> noted_;                // of this round
    std::vector<std::uint64_t> heads_noted_;  // ditto
    std::uint64_t lines_ = 0;
    std::size_t refused_ = 0;
    std::vector<Refused> refused_first_;
};

}  // namespace lineshaft::influx
