"""The names of what each process has for itself.

See :mod:`~lxmls_grading.execution.process_state`.
"""

from __future__ import annotations


def _of(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for name in names.split())


#: What sets or tells a state of a process. What lies in these counts, too.
OF_ONE_PROCESS = (
    # what replaces functions, and the time
    frozenset({"unittest.mock.patch", "mock.patch", "pytest.MonkeyPatch", "importlib.reload"})
    | frozenset({"freezegun", "time_machine", "builtins.__dict__"})
    | frozenset({"timeout_decorator", "func_timeout"})
    # copies that are made by the names of classes
    | frozenset({"pickle", "dill", "cloudpickle"})
    # limits, memory, threads and the interpreter itself
    | frozenset({"tracemalloc", "resource", "signal", "gc", "faulthandler", "psutil"})
    | _of("sys", "setrecursionlimit getrecursionlimit settrace gettrace setprofile getprofile")
    | _of("sys", "path modules argv stdin meta_path path_hooks excepthook displayhook")
    | _of("sys", "set_int_max_str_digits get_int_max_str_digits getrefcount getallocatedblocks")
    | _of("sys", "setswitchinterval getswitchinterval addaudithook _getframe _current_frames")
    | _of("threading", "active_count enumerate settrace setprofile stack_size excepthook")
    | _of("multiprocessing", "active_children")
    # the language and the time zone, logging and warnings
    | frozenset({"locale", "warnings.filters"})
    | _of("logging", "disable basicConfig captureWarnings root lastResort handlers config")
    | _of("logging", "Handler StreamHandler FileHandler NullHandler Filter")
    | _of("time", "tzset tzname timezone")
    # modes of libraries
    | _of("numpy", "errstate seterr geterr seterrcall geterrcall setbufsize getbufsize")
    | _of("numpy", "set_printoptions get_printoptions printoptions")
    | _of("pandas", "options set_option get_option reset_option option_context")
    | _of("decimal", "getcontext setcontext localcontext DefaultContext")
    | _of("torch", "set_grad_enabled no_grad inference_mode enable_grad is_grad_enabled")
    | _of("torch", "is_inference_mode_enabled set_default_dtype get_default_dtype")
    | _of("torch", "set_default_device get_default_device set_default_tensor_type backends")
    | _of("torch", "set_num_threads get_num_threads use_deterministic_algorithms autocast amp")
    | _of("torch", "set_printoptions set_float32_matmul_precision")
    | _of("torch.autograd", "no_grad enable_grad set_grad_enabled inference_mode grad_mode")
    | _of("torch.autograd", "set_detect_anomaly detect_anomaly")
    | _of("matplotlib", "use get_backend rc rcParams rc_context rcdefaults style interactive")
    | _of("seaborn", "set set_theme set_style set_context set_palette axes_style reset_defaults")
    # the state of random numbers
    | _of("random", "getstate setstate")
    | _of("numpy.random", "get_state set_state")
    | _of("torch", "get_rng_state set_rng_state initial_seed random.fork_rng")
    | _of("torch.random", "get_rng_state set_rng_state initial_seed")
    # environment, folders and files
    | frozenset({"glob", "shutil", "tempfile", "contextlib.chdir"})
    | _of("os", "environ environb getenv putenv unsetenv getcwd getcwdb chdir fchdir listdir")
    | _of("os", "scandir walk fwalk stat lstat access umask nice getpid getppid")
    | _of("os.path", "exists lexists isfile isdir islink ismount getsize getmtime getctime")
    | _of("os.path", "getatime samefile abspath realpath expanduser expandvars")
    | _of("pathlib", "Path.cwd Path.home")
)

#: Methods that do so, on whatever object, and those that do without an argument.
METHODS = frozenset(
    {"assertLogs", "assertNoLogs", "addHandler", "removeHandler", "handlers"}
) | frozenset({"is_file", "is_dir", "is_symlink", "iterdir", "glob", "rglob"})
PLAIN_METHODS = frozenset({"exists", "stat"})

#: Arguments that pytest gives to a test, or one of its plugins.
ARGUMENTS = frozenset({"monkeypatch", "mocker", "caplog", "capfd", "tmp_path", "tmpdir"})

#: What a test can replace here, and it holds over there.
REPLACED_HERE_TOO = frozenset({"sys.stdout", "sys.stderr"})

#: Libraries of tests, whose own settings concern no answer.
TESTING = frozenset({"unittest", "pytest", "numpy.testing", "hypothesis"})

#: What of pyplot neither draws nor knows any figure. Classes do not, either.
PLAIN_PYPLOT = frozenset({"cm", "colormaps", "get_cmap", "np", "matplotlib", "colors"})

#: What seeds the random numbers of a process, what draws some, and what does not.
SEEDS = (
    frozenset({"random.seed", "numpy.random.seed", "torch.manual_seed", "torch.random.manual_seed"})
    | frozenset({"torch.seed", "torch.cuda.manual_seed", "torch.cuda.manual_seed_all"})
    | frozenset({"tensorflow.random.set_seed", "transformers.set_seed"})
)
DRAWING = frozenset({"random", "numpy.random", "torch", "scipy.stats", "sklearn", "tensorflow"})
NOT_DRAWING = (
    frozenset({"random.Random", "torch.Generator"})
    | _of("numpy.random", "default_rng RandomState Generator SeedSequence")
    | _of("torch", "tensor as_tensor from_numpy zeros ones full eye arange linspace allclose equal")
)
