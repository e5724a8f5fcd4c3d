// Reading past blocks that cannot be read. RocksDB's iterator stops at a bad block and does not say
// where the block ends; asking it to stand on a key inside fails, behind it works. So the end is
// found by halving the distance to a key that can be read, the ends of files first. Between two bad
// blocks a readable one is looked for at 31 places; when it is tiny against them it may be missed,
// and told lost.
#include "store/rescue.h"

#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <filesystem>

#include "store/batch_rep.h"
#include "store/file_systems.h"
#include "store/options.h"
#include "store/status.h"

namespace lineshaft::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes = 64 << 20;
constexpr int halvings_max = 600;

// One family, key by key, over what cannot be read.
class Walk {
public:
    Walk(rocksdb::DB& database, rocksdb::ColumnFamilyHandle* family)
        : database_(database), family_(family) {
        reading_.fill_cache = false;
        iterator_.reset(database.NewIterator(reading_, family));
        rocksdb::ColumnFamilyMetaData about;
        database.GetColumnFamilyMetaData(family, &about);
        for (const auto& level : about.levels) {
            for (const auto& file : level.files) {
                anchors_.push_back(file.smallestkey);
                anchors_.push_back(file.largestkey);
                anchors_.push_back(file.largestkey + '\0');
            }
        }
        std::ranges::sort(anchors_);
        const auto [from, until] = std::ranges::unique(anchors_);
        anchors_.erase(from, until);
    }

    template <class Take>
    Result<void> run(Take take, std::vector<KeyGap>& gaps) {
        iterator_->SeekToFirst();
        for (;;) {
            while (iterator_->Valid()) {
                last_ = iterator_->key().ToString();
                has_last_ = true;
                TRY_VOID(take(last_, iterator_->value().ToStringView()));
                iterator_->Next();
            }
            if (iterator_->status().ok()) return {};
            KeyGap gap{{}, last_, {}, iterator_->status().ToString()};
            const bool goes_on = step_over();
            if (goes_on && iterator_->Valid()) gap.until_key = iterator_->key().ToString();
            gaps.push_back(std::move(gap));
            if (!goes_on) return {};
        }
    }

private:
    // A new iterator each time: one that met a bad block may remember it.
    bool reads_at(const std::string& key) {
        iterator_.reset(database_.NewIterator(reading_, family_));
        iterator_->Seek(key);
        return iterator_->status().ok();
    }

    // Stands on the first key that can be read behind the trouble. False: there is none.
    bool step_over() {
        std::string low = has_last_ ? last_ + '\0' : std::string();
        auto anchor = std::ranges::upper_bound(anchors_, low);
        if (!has_last_ && anchor != anchors_.end()) low = *anchor;
        const std::string start = low;
        while (anchor != anchors_.end() && !reads_at(*anchor)) low = *anchor++;
        if (anchor == anchors_.end()) return false;
        std::string high = narrow(low, *anchor);
        high = look_nearer(start, high);
        return reads_at(high);
    }

    // A readable stretch between two bad blocks, looked for at 31 places.
    std::string look_nearer(const std::string& start, const std::string& high) {
        std::vector<std::string> places{start, high};
        for (int doubling = 0; doubling < 5; ++doubling) {
            std::vector<std::string> finer;
            for (std::size_t index = 0; index + 1 < places.size(); ++index) {
                finer.push_back(places[index]);
                finer.push_back(key_between(places[index], places[index + 1]));
            }
            finer.push_back(places.back());
            places = std::move(finer);
        }
        for (std::size_t index = 1; index + 1 < places.size(); ++index) {
            if (reads_at(places[index])) return narrow(places[index - 1], places[index]);
        }
        return high;
    }

    // `low` cannot be read, `high` can: the smallest key found that can.
    std::string narrow(std::string low, std::string high) {
        for (int halvings = 0; halvings < halvings_max; ++halvings) {
            const std::string middle = key_between(low, high);
            if (middle <= low || middle >= high) break;
            if (reads_at(middle)) {
                high = middle;
            } else {
                low = middle;
            }
            if (high.size() > 64 + last_.size()) break;  // closer than any two keys are
        }
        return high;
    }

    rocksdb::DB& database_;
    rocksdb::ColumnFamilyHandle* const family_;
    rocksdb::ReadOptions reading_;
    std::unique_ptr<rocksdb::Iterator> iterator_;
    std::vector<std::string> anchors_;  // the ends of all files of the family
    std::string last_;
    bool has_last_ = false;
};

// Writes ascending entries of one family as sorted files and takes them in.
class Filing {
public:
    Filing(Database& database, std::size_t number, std::string directory)
        : database_(database), family_(database.handles[number]), directory_(std::move(directory)) {
        options_ = database_.db->GetOptions(family_);
    }

    Result<void> put(std::string_view key, std::string_view value) {
        if (!writer_) {
            path_ = fmt::format("{}/{}{}.tmp", directory_, ingest_prefix, files_++);
            writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(options_),
                                                               options_, family_);
            TRY_VOID(checked(writer_->Open(path_), "create " + path_));
        }
        TRY_VOID(checked(writer_->Put({key.data(), key.size()}, {value.data(), value.size()}),
                         "write " + path_));
        bytes_ += key.size() + value.size();
        if (bytes_ < file_bytes) return {};
        return finish();
    }

    Result<void> finish() {
        if (!writer_) return {};
        TRY_VOID(checked(writer_->Finish(), "finish " + path_));
        rocksdb::IngestExternalFileOptions taking;
        taking.move_files = true;
        taking.failed_move_fall_back_to_copy = true;
        taking.write_global_seqno = false;
        writer_.reset();
        bytes_ = 0;
        return checked(database_.db->IngestExternalFile(family_, {path_}, taking),
                       "take in " + path_);
    }

private:
    Database& database_;
    rocksdb::ColumnFamilyHandle* family_;
    const std::string directory_;
    rocksdb::Options options_;
    std::unique_ptr<rocksdb::SstFileWriter> writer_;
    std::string path_;
    std::size_t bytes_ = 0;
    int files_ = 0;
};

// Looking a key up begins with the newest files: it ends at a removal, without touching the bad
// block where the key still stands.
bool is_gone(const Database& source, const std::string& key) {
    return std::ranges::all_of(source.handles, [&](auto* family) {
        std::string value;
        return family == nullptr || source.db->Get({}, family, key, &value).IsNotFound();
    });
}

}  // namespace

std::string key_between(const std::string& low, const std::string& high) {
    const std::size_t digits = std::max(low.size(), high.size()) + 1;
    const auto digit = [](const std::string& key, std::size_t at) {
        return at < key.size() ? static_cast<unsigned char>(key[at]) : 0u;
    };
    std::string sum(digits, '\0');
    unsigned carry = 0;
    for (std::size_t at = digits; at-- > 0;) {
        carry += digit(low, at) + digit(high, at);
        sum[at] = static_cast<char>(carry & 0xff);
        carry >>= 8;
    }
    for (char& c : sum) {  // halve; `carry` is the digit before the first
        const unsigned value = (carry << 8) | static_cast<unsigned char>(c);
        c = static_cast<char>(value >> 1);
        carry = value & 1;
    }
    while (!sum.empty() && sum.back() == '\0') sum.pop_back();
    return sum > low && sum < high ? sum : low;
}

Result<std::vector<KeyGap>> copy_readable(const OpenRequest& from, const OpenRequest& to,
                                          std::vector<Entry>& legible) {
    TRY(const auto source, open_database(from, Mode::rescue));
    std::erase_if(legible, [&](const Entry& entry) { return is_gone(source, entry.key); });
    if (!fs::create_directories(to.directory))
        return fail(Code::conflict, to.directory + " exists already");
    fs::permissions(to.directory, fs::perms::owner_all);
    TRY(auto target, open_database(to, Mode::write));
    std::vector<KeyGap> all;
    for (std::size_t number = 0; number < source.handles.size(); ++number) {
        if (source.handles[number] == nullptr) continue;
        std::vector<KeyGap> gaps;
        Filing filing(target, number, to.directory);
        const auto put = [&](std::string_view key, std::string_view value) {
            return filing.put(key, value);
        };
        TRY_VOID(Walk(*source.db, source.handles[number]).run(put, gaps));
        TRY_VOID(filing.finish());
        for (auto& gap : gaps) {
            if (number > 0) gap.family = static_cast<Family>(number - 1);
            all.push_back(std::move(gap));
        }
    }
    return all;
}

Result<std::size_t> rebuild_manifest(const OpenRequest& request) {
    const auto families = family_descriptors(request.limits);
    const auto env = rocksdb::NewCompositeEnv(with_checked_footers(rocksdb::FileSystem::Default()));
    const auto options =
        database_options(request.limits, env.get(), std::make_shared<rocksdb::EventListener>());
    const auto status = rocksdb::RepairDB(request.directory, options, families);
    TRY_VOID(checked(status, "rebuild the list of files in " + request.directory));
    std::size_t count = 0;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(request.directory, failed))
        count += entry.path().extension() == ".sst";
    return count;
}

}  // namespace lineshaft::store
