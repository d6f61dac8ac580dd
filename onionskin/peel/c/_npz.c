/* Reads an .npz: an uncompressed zip whose members are .npy files. A zip is a row of members, each with a header of its
 * own before it. Nothing in a file is believed: a size that does not fit ends the program with a message. */
static void give_up(const char *what, const char *name)
{
    fprintf(stderr, "%s: %s\n", name, what);
    exit(1);
}

static uint64_t number(const unsigned char *at, int bytes) /* the least byte comes first */
{
    uint64_t value = 0;
    while (bytes--)
        value = value << 8 | at[bytes];
    return value;
}

/* Returns how many bytes the member that begins here has, and writes its name; 0 where no further one begins. */
static uint64_t next_member(FILE *file, char name[256])
{
    unsigned char head[30], extra[20] = {0};
    if (fread(head, 1, 30, file) < 30 || number(head, 4) != 0x04034b50)
        return 0;
    uint64_t name_length = number(head + 26, 2), extra_length = number(head + 28, 2), bytes = number(head + 18, 4);
    if (number(head + 8, 2) || number(head + 6, 2) & 9 || name_length > 255)
        give_up("is compressed, encrypted or a stream; write it with np.savez", "the .npz");
    size_t begin = extra_length < 20 ? extra_length : 20;
    if (fread(name, 1, name_length, file) < name_length || fread(extra, 1, begin, file) < begin)
        give_up("ends within a header; write it again", "the .npz");
    name[name_length] = 0;
    if (bytes == 0xffffffff) /* it stands in the extra field, as eight bytes: zip64 */
        bytes = extra_length >= 20 && number(extra, 2) == 1 ? number(extra + 12, 8) : 0;
    if (!bytes || bytes > INT64_MAX || fseek(file, (long)(extra_length - begin), SEEK_CUR))
        give_up("has a member of no size; write it again with np.savez", name);
    return bytes;
}

/* Reads the array of this name. `type` is as NumPy spells it, such as <f4, and `shape` such as (64, 784). */
static void read_array(const char *path, const char *wanted, const char *type, const char *shape, void *into,
                       size_t bytes)
{
    char name[256], header[65536], text[128];
    FILE *file = fopen(path, "rb");
    if (!file)
        give_up("cannot be opened; it must lie beside the program, and be called like it", path);
    for (uint64_t size; (size = next_member(file, name)); ) {
        long begin = ftell(file);
        size_t length = strlen(name), own = strlen(wanted);
        if (length == own + 4 && !memcmp(name, wanted, own) && !strcmp(name + own, ".npy")) {
            unsigned char start[12];
            size_t digits, words;
            if (size < 12 || fread(start, 1, 12, file) < 12 || memcmp(start, "\x93NUMPY", 6))
                give_up("is no .npy", name);
            digits = start[6] == 1 ? 2 : 4; /* how the length of the header is written, by the format's version */
            words = (size_t)number(start + 8, (int)digits);
            if (words < 2 || words >= sizeof header || fseek(file, begin + 8 + (long)digits, SEEK_SET) ||
                fread(header, 1, words, file) < words)
                give_up("has no whole header", name);
            header[words] = 0;
            snprintf(text, sizeof text, "'descr': '%s'", type);
            if (!strstr(header, text) || !strstr(header, "'fortran_order': False"))
                give_up("holds numbers of another type than the program was written for", name);
            snprintf(text, sizeof text, "'shape': %s,", shape);
            if (!strstr(header, text) || size != 8 + digits + words + bytes)
                give_up("has another shape than the program was written for", name);
            if (fread(into, 1, bytes, file) < bytes)
                give_up("ends too early; write it again", name);
            fclose(file);
            return;
        }
        if (size > LONG_MAX || fseek(file, (long)size, SEEK_CUR))
            give_up("ends within a member; write it again", name);
    }
    give_up("is not in the .npz", wanted);
}
