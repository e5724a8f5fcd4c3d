// Inside gate/influx: one body of lines on its way to the plant.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "gate/influx/answers.h"
#include "gate/influx/door.h"
#include "twin/intake.h"

namespace lineshaft::influx {

/// Reads a body line by line, hands it over in rounds, and knows what to answer. Lives in the frame
/// of one request.
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
    bool read_round();  // false: the body has ended
    void take(const Line& line);
    void take_fields(const Line& line, std::vector<history::TagSample>& into);
    void note_tags(const Line& line, std::string_view machine, const Tag* named_by);
    void refuse(std::size_t line, std::string why);
    void learn();
    io::http::Response answer() const;

    Door& door_;
    Door::OnShard& here_;
    trust::PrincipalPtr who_;
    Dialect dialect_;
    bool is_utf8_;
    LineReader reader_;
    twin::Intake intake_;
    Instant received_;
    twin::Intake::Outcome outcome_;
    std::vector<Noted> noted_;                // of this round
    std::vector<std::uint64_t> heads_noted_;  // ditto
    std::size_t refused_ = 0;
    std::vector<Refused> refused_first_;
};

}  // namespace lineshaft::influx
