// A process that writes to a store until its disk fails or its power is cut:
//
//   store_fault_process DIR JOURNAL io_error|no_space NTH       fails from the n-th operation on
//   store_fault_process DIR JOURNAL nothing|a_prefix|some_sectors SEED    the power is cut
//
// Each key goes to JOURNAL when it was acknowledged, one to a line; at its end a process that still
// lives adds `# N`, the operations its disk has seen.
#include <fcntl.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include "store/faulty.h"
#include "store/tests/journal.h"

namespace lineshaft::store {
namespace {

using namespace testing_store;

class Journal {
public:
    explicit Journal(const char* path)
        : fd_(::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
    void note(const std::string& text) {
        const std::string line = text + "\n";
        // One write: a process that ends leaves whole lines.
        if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
            std::abort();
        }
    }

private:
    const int fd_;
};

// Puts, sorted files and range removals of keys nobody checks.
void work(Store& store, Journal& journal, const std::string& name, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        const std::string key = name + "/" + std::to_string(round);
        Batch batch;
        batch.put(Family::log, key, value_of(key));
        batch.put(Family::history_inbox, key, value_of(key));
        if (round % 8 == 7) batch.remove_range(Family::history_inbox, name + "/", name + "0");
        if (submit(store, std::move(batch))) journal.note(key);
        if (round % 16 == 5) {
            const std::string chunk = std::string(chunk_prefix) + key;
            const std::vector<Entry> entries{{chunk, value_of(chunk)}};
            if (store.ingest(Family::history_chunks, entries)) journal.note(chunk);
        }
    }
}

// Ends as the product does, unless the fault comes after the work.
int on_failing_disk(const std::string& directory, Journal& journal, FaultDisk::Fault fault,
                    std::uint64_t nth) {
    FaultDisk disk;
    disk.fail_from(nth, fault);
    {
        auto opened = open_on(disk, directory, tight, Durability::synced, {});
        if (!opened) return exit_did_not_open;
        work(*opened->store, journal, "a", 40);
    }
    journal.note("# " + std::to_string(disk.operations()));
    return 0;
}

// Nothing that fails in the dark goes on: it waits here for the end.
[[noreturn]] void wait_for_the_end() {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

[[noreturn]] void until_power_is_cut(const std::string& directory, Journal& journal,
                                     FaultDisk::Leaves leaves, std::uint64_t seed) {
    FaultDisk disk;
    auto opened = open_on(disk, directory, tight, Durability::synced,
                          [](const auto&) { wait_for_the_end(); });
    if (!opened) std::_Exit(exit_did_not_open);
    const std::uint64_t cut_at = disk.operations() + seed * 37;
    std::atomic<int> working{3};
    std::vector<std::jthread> threads;
    for (const char* name : {"a", "b", "c"}) {
        threads.emplace_back([&, name] {
            work(*opened->store, journal, name, 60);
            --working;
        });
    }
    while (disk.operations() < cut_at && working > 0) std::this_thread::yield();
    disk.cut_power(leaves, seed);
    // What is acknowledged from here on was not written: the journal would show it.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::_Exit(0);
}

const std::map<std::string_view, FaultDisk::Fault> faults{
    {"io_error", FaultDisk::Fault::io_error}, {"no_space", FaultDisk::Fault::no_space}};
const std::map<std::string_view, FaultDisk::Leaves> cuts{
    {"nothing", FaultDisk::Leaves::nothing},
    {"a_prefix", FaultDisk::Leaves::a_prefix},
    {"some_sectors", FaultDisk::Leaves::some_sectors}};

}  // namespace
}  // namespace lineshaft::store

int main(int argc, char** argv) {
    using namespace lineshaft::store;
    if (argc != 5) return 2;
    const std::string directory = argv[1];
    Journal journal(argv[2]);
    const std::string_view trouble = argv[3];
    const std::uint64_t number = std::strtoull(argv[4], nullptr, 10);
    if (const auto fault = faults.find(trouble); fault != faults.end()) {
        return on_failing_disk(directory, journal, fault->second, number);
    }
    const auto cut = cuts.find(trouble);
    if (cut == cuts.end()) return 2;
    until_power_is_cut(directory, journal, cut->second, number);
}
