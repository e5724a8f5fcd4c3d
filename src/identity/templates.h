// Values that are computed from others: the templates of HS_NAMESPACE (Handle.Net Technical Manual,
// chapter 11). Pure: no store, no clock.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/handle/value.h"

namespace lineshaft::identity {

struct TemplateLimits {
    std::size_t xml_bytes_max = 64 << 10;
    std::size_t steps_max = 1'000;        ///< elements of one template
    unsigned depth_max = 32;
    std::size_t runs_max = 100'000;       ///< elements looked at for one name
    std::size_t values_max = 256;         ///< computed for one name
    std::size_t value_bytes_max = 16 << 10;
};

/// A name as a template sees it.
struct SplitName {
    std::string handle, base, extension;
};

/// The template of a namespace: `<namespace><template delimiter="@">...`. Its elements are foreach,
/// if (value, test = equals or matches, expression, parameter, negate), else (right after an if) and
/// value (index, type, data, ttl). Texts hold `${handle}`, `${base}`, `${extension}`, inside foreach
/// `${index}`, `${type}`, `${data}`, `${ttl}`, and parameters: `${x}` is what was tested, `${x[1]}`
/// the first group of `matches`, which is a regular expression (RE2) for the whole text. Immutable:
/// any thread.
class Template {
public:
    /// `xml`: the data of an HS_NAMESPACE. nothing: a namespace without a template. Errors: invalid
    /// (says which element), exhausted (a limit).
    static Result<std::shared_ptr<const Template>> parse(std::string_view xml,
                                                         TemplateLimits limits = {});
    ~Template();

    /// Splits the suffix of `handle` at the first delimiter. nothing: it has none, or the template
    /// has an empty one.
    std::optional<SplitName> split(std::string_view handle) const;
    const std::string& delimiter() const { return delimiter_; }

    /// The values of `name`, given those of its base, ascending by index. nothing: there are none.
    /// Errors: exhausted (a limit).
    Result<std::optional<std::vector<handle::Value>>> evaluate(
        const SplitName& name, const std::vector<handle::Value>& base) const;

private:
    friend struct TemplateReader;
    friend class TemplateRun;
    struct Step;
    Template() = default;

    std::string delimiter_;
    std::vector<std::unique_ptr<Step>> steps_;
    TemplateLimits limits_;
};

}  // namespace lineshaft::identity
