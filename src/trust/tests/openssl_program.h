#pragma once
// For tests: openssl's own program as a second opinion.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace lineshaft::trust {

/// A new directory with files in it, removed at the end.
class Workbench {
public:
    Workbench() {
        std::string name = (std::filesystem::temp_directory_path() / "lineshaft-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~Workbench() { std::filesystem::remove_all(path_); }
    Workbench(const Workbench&) = delete;

    std::string path(const std::string& name) const { return path_ + "/" + name; }
    std::string put(const std::string& name, const std::string& content) const {
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }
    std::string get(const std::string& name) const {
        std::ostringstream out;
        out << std::ifstream(path(name), std::ios::binary).rdbuf();
        return out.str();
    }

    struct Said {
        int status = -1;
        std::string text;  ///< both its outputs
    };
    /// Runs "openssl <words>" in the directory.
    Said openssl(const std::string& words) const {
        const std::string command =
            "cd '" + path_ + "' && timeout 30 openssl " + words + " >out.txt 2>&1 </dev/null";
        const int status = std::system(command.c_str());
        return {WEXITSTATUS(status), get("out.txt")};
    }
    static bool has_openssl() { return std::system("command -v openssl >/dev/null") == 0; }

private:
    std::string path_;
};

}  // namespace lineshaft::trust
