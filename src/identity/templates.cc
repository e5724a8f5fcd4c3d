#include "identity/templates.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <pugixml.hpp>

#include "base/number.h"

namespace lineshaft::identity {

using handle::Value;

struct Template::Step {
    enum class Kind { foreach, condition, value };
    Kind kind = Kind::value;
    std::vector<std::unique_ptr<Step>> then, otherwise;
    // Of a condition.
    std::string tested, expression, parameter;
    std::unique_ptr<RE2> pattern;  // null: equals
    bool is_negated = false, has_else = false;
    // Of a value; nothing: as the value that foreach is at.
    std::optional<std::string> index, type, data, ttl;
};

// Reads the XML once; what is wrong is said then, not when somebody resolves a name.
struct TemplateReader {
    using Step = Template::Step;
    using Steps = std::vector<std::unique_ptr<Step>>;

    TemplateLimits limits;
    std::size_t steps = 0;

    static std::unexpected<Error> wrong(std::string why) {
        return fail(Code::invalid, "template: " + std::move(why));
    }

    Result<void> read_condition(const pugi::xml_node& from, Step& to, unsigned depth) {
        to.kind = Step::Kind::condition;
        to.tested = from.attribute("value").value();
        to.expression = from.attribute("expression").value();
        to.parameter = from.attribute("parameter").value();
        to.is_negated = std::strcmp(from.attribute("negate").value(), "true") == 0;
        if (to.tested.empty()) return wrong("an <if> needs value=");
        const std::string_view test = from.attribute("test").value();
        if (test == "matches") {
            RE2::Options options;
            options.set_log_errors(false);
            options.set_max_mem(1 << 20);
            to.pattern = std::make_unique<RE2>(to.expression, options);
            if (!to.pattern->ok())
                return wrong("expression=\"" + to.expression + "\": " + to.pattern->error());
        } else if (test != "equals") {
            return wrong("test must be \"equals\" or \"matches\"");
        }
        return read_all(from, to.then, depth);
    }

    Result<void> read_one(const pugi::xml_node& from, Steps& to, unsigned depth) {
        if (++steps > limits.steps_max || depth > limits.depth_max)
            return fail(Code::exhausted, "template: too many elements, or too deep");
        auto step = std::make_unique<Step>();
        const std::string_view name = from.name();
        if (name == "foreach") {
            step->kind = Step::Kind::foreach;
            TRY_VOID(read_all(from, step->then, depth));
        } else if (name == "if") {
            TRY_VOID(read_condition(from, *step, depth));
        } else if (name == "else") {
            const bool follows = !to.empty() && to.back()->kind == Step::Kind::condition &&
                                 !to.back()->has_else;
            if (!follows) return wrong("an <else> must follow an </if>");
            to.back()->has_else = true;
            return read_all(from, to.back()->otherwise, depth);
        } else if (name == "value") {
            const auto given = [&from](const char* attribute) -> std::optional<std::string> {
                const auto found = from.attribute(attribute);
                if (!found) return std::nullopt;
                return std::string(found.value());
            };
            step->index = given("index");
            step->type = given("type");
            step->data = given("data");
            step->ttl = given("ttl");
        } else {
            return wrong(fmt::format("<{}> is not known", name));
        }
        to.push_back(std::move(step));
        return {};
    }

    Result<void> read_all(const pugi::xml_node& from, Steps& to, unsigned depth) {
        for (const auto& child : from.children()) {
            if (child.type() != pugi::node_element) continue;
            TRY_VOID(read_one(child, to, depth + 1));
        }
        return {};
    }
};

Template::~Template() = default;

Result<std::shared_ptr<const Template>> Template::parse(std::string_view xml,
                                                        TemplateLimits limits) {
    if (xml.size() > limits.xml_bytes_max)
        return fail(Code::exhausted, "template: the namespace is too long");
    pugi::xml_document document;
    const auto read = document.load_buffer(xml.data(), xml.size(), pugi::parse_default,
                                           pugi::encoding_utf8);
    if (!read) return TemplateReader::wrong(std::string("no XML: ") + read.description());
    const auto space = document.child("namespace");
    if (!space) return TemplateReader::wrong("no <namespace>");
    const auto from = space.child("template");
    if (!from) return std::shared_ptr<const Template>();
    std::shared_ptr<Template> out(new Template());
    out->limits_ = limits;
    out->delimiter_ = from.attribute("delimiter").value();
    TemplateReader reader{limits};
    TRY_VOID(reader.read_all(from, out->steps_, 0));
    return std::shared_ptr<const Template>(std::move(out));
}

std::optional<SplitName> Template::split(std::string_view handle) const {
    if (delimiter_.empty()) return std::nullopt;
    const auto slash = handle.find('/');
    if (slash == handle.npos) return std::nullopt;
    const auto at = handle.find(delimiter_, slash + 1);
    if (at == handle.npos || at == slash + 1) return std::nullopt;
    return SplitName{std::string(handle), std::string(handle.substr(0, at)),
                     std::string(handle.substr(at + delimiter_.size()))};
}

/// One evaluation.
class TemplateRun {
public:
    TemplateRun(const Template& from, const SplitName& name, const std::vector<Value>& base)
        : from_(from), name_(name), base_(base) {}

    Result<std::vector<Value>> run() {
        TRY_VOID(run_all(from_.steps_));
        std::ranges::stable_sort(out_, {}, &Value::index);
        return std::move(out_);
    }

private:
    using Step = Template::Step;

    std::optional<std::string> variable(std::string_view name) const {
        if (name == "handle") return name_.handle;
        if (name == "base") return name_.base;
        if (name == "extension") return name_.extension;
        if (const auto found = parameters_.find(name); found != parameters_.end())
            return found->second;
        if (current_ == nullptr) return std::nullopt;
        if (name == "index") return std::to_string(current_->index);
        if (name == "type") return current_->type;
        if (name == "data") return current_->data;
        if (name == "ttl") return std::to_string(current_->ttl_s);
        return std::nullopt;
    }

    // An unknown ${name} is nothing.
    Result<std::string> filled(std::string_view text) const {
        std::string out;
        while (!text.empty()) {
            const auto at = text.find("${");
            const auto end = at == text.npos ? text.npos : text.find('}', at);
            if (end == text.npos) {
                out += text;
                break;
            }
            out += text.substr(0, at);
            out += variable(text.substr(at + 2, end - at - 2)).value_or("");
            text.remove_prefix(end + 1);
            if (out.size() > from_.limits_.value_bytes_max) break;
        }
        if (out.size() > from_.limits_.value_bytes_max)
            return fail(Code::exhausted, "template: a value is too long");
        return out;
    }

    void set_groups(const Step& step, const std::string& tested, const RE2& pattern, bool& holds) {
        const int groups = pattern.NumberOfCapturingGroups();
        std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups) + 1);
        holds = pattern.Match(tested, 0, tested.size(), RE2::ANCHOR_BOTH, found.data(),
                              static_cast<int>(found.size()));
        if (!holds || step.parameter.empty()) return;
        for (std::size_t at = 0; at < found.size(); ++at)
            parameters_[fmt::format("{}[{}]", step.parameter, at)] =
                std::string(found[at].data() == nullptr ? "" : found[at].data(), found[at].size());
    }

    Result<bool> holds(const Step& step) {
        const std::string tested = variable(step.tested).value_or("");
        if (!step.parameter.empty()) parameters_[step.parameter] = tested;
        bool out = false;
        if (step.pattern) {
            set_groups(step, tested, *step.pattern, out);
        } else {
            TRY(const auto wanted, filled(step.expression));
            out = tested == wanted;
        }
        return out != step.is_negated;
    }

    Result<std::optional<std::uint32_t>> number(const std::optional<std::string>& text) const {
        if (!text) return std::optional<std::uint32_t>();
        TRY(const auto digits, filled(*text));
        return number_from<std::uint32_t>(digits);
    }

    Result<void> make(const Step& step) {
        Value value = current_ ? *current_ : Value{};
        TRY(const auto index, number(step.index));
        TRY(const auto ttl, number(step.ttl));
        if (index && *index > 0 && *index <= 0x7fff'ffff) value.index = *index;
        if (ttl) value.ttl_s = *ttl;
        if (step.type) {
            TRY(value.type, filled(*step.type));
        }
        if (step.data) {
            TRY(value.data, filled(*step.data));
        }
        if (value.type.empty()) return {};
        const auto taken = [this](std::uint32_t at) {
            return std::ranges::find(out_, at, &Value::index) != out_.end();
        };
        if (value.index == 0) value.index = 1;
        while (taken(value.index)) ++value.index;
        if (out_.size() >= from_.limits_.values_max)
            return fail(Code::exhausted, "template: too many values");
        out_.push_back(std::move(value));
        return {};
    }

    Result<void> run_all(const std::vector<std::unique_ptr<Step>>& steps) {
        for (const auto& step : steps) {
            if (++runs_ > from_.limits_.runs_max)
                return fail(Code::exhausted, "template: too much to do for one name");
            TRY_VOID(run_one(*step));
        }
        return {};
    }

    Result<void> run_one(const Step& step) {
        if (step.kind == Step::Kind::value) return make(step);
        if (step.kind == Step::Kind::condition) {
            TRY(const bool is_so, holds(step));
            return run_all(is_so ? step.then : step.otherwise);
        }
        const Value* outer = current_;
        for (const Value& value : base_) {
            if (value.type == "HS_SECKEY") continue;
            current_ = &value;
            TRY_VOID(run_all(step.then));
        }
        current_ = outer;
        return {};
    }

    const Template& from_;
    const SplitName& name_;
    const std::vector<Value>& base_;
    const Value* current_ = nullptr;
    std::map<std::string, std::string, std::less<>> parameters_;
    std::vector<Value> out_;
    std::size_t runs_ = 0;
};

Result<std::optional<std::vector<Value>>> Template::evaluate(const SplitName& name,
                                                             const std::vector<Value>& base) const {
    TRY(auto values, TemplateRun(*this, name, base).run());
    if (values.empty()) return std::optional<std::vector<Value>>();
    return std::optional(std::move(values));
}

}  // namespace lineshaft::identity
