// The solver's terms as sentences, English and Chinese: every number in them is a term that was
// compared.
#pragma once
#include <string>

#include "dispatch/fleet/types.h"

namespace lineshaft::dispatch {

/// Why it is not the best, or that it is. `best` null: there is none that could.
std::string sentence_of(const FleetCandidate& candidate, const FleetCandidate* best,
                        bool is_chinese);
/// Why a place has no machine, and what is advised.
std::string sentence_of(const LeftOut& left_out, const std::string& type, bool is_chinese);
/// What changes for people, and by which terms.
std::string sentence_of(const Change& change, bool is_chinese);

}  // namespace lineshaft::dispatch
