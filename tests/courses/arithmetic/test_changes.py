from courses.arithmetic.changes import ADDED, GONE, SAME, Change, changes_between, compare


def edition(*sections, title="Modul", outcomes=()):
    head = {
        "title": title,
        "outcomes": list(outcomes),
        "sections": [
            {"page": page, "slug": f"bagian-{page}", "title": f"Bagian {page}", "lead": "Mengapa"}
            for page, _blocks in sections
        ],
    }
    return head, {str(page): blocks for page, blocks in sections}


def text(html):
    return [{"type": "text", "value": html, "id": "a1"}]


def changes(before, after):
    return changes_between(before[0], after[0], (before[1], after[1]))


def test_nothing_differs_between_two_equal_editions():
    same = edition((1, text("<p>Satu.</p>")))
    assert changes(same, same) == []


def test_a_section_is_new_removed_or_changed_and_the_others_are_left_out():
    before = edition((1, text("<p>Satu.</p>")), (2, text("<p>Dua.</p>")), (3, text("<p>C</p>")))
    after = edition((1, text("<p>Satu.</p>")), (3, text("<p>D</p>")), (4, text("<p>Empat.</p>")))

    found = [(one.slug, one.kind) for one in changes(before, after)]

    assert found == [("bagian-3", "changed"), ("bagian-4", "new"), ("bagian-2", "removed")]


def test_the_head_of_the_module_comes_first():
    before, after = edition(title="Lama"), edition(title="Baru", outcomes=["pengawasan-1"])

    (found,) = changes(before, after)

    assert (found.slug, len(found.paragraphs)) == ("", 2)


def test_words_are_marked_one_by_one_and_markup_is_no_word():
    before = edition((1, text("<p>Laporan dikirim tiap tahun.</p><p>Tetap.</p>")))
    after = edition((1, text("<p>Laporan <b>dikirim</b> tiap triwulan.</p><p>Tetap.</p>")))

    (section,) = changes(before, after)
    (paragraph,) = section.paragraphs

    assert isinstance(section, Change)
    assert paragraph == (
        (SAME, "Laporan dikirim tiap "),
        (GONE, "tahun."),
        (ADDED, "triwulan."),
    )


def test_both_texts_can_be_read_out_of_the_runs():
    before, after = ["a b c", "tetap", "hilang"], ["a x c", "tetap", "baru satu", "baru dua"]
    found = compare(before, after)

    def read(*kinds):
        joined = ("".join(w for kind, w in one if kind in kinds).strip() for one in found)
        return [line for line in joined if line]

    assert read(SAME, GONE) == ["a b c", "hilang"]
    assert read(SAME, ADDED) == ["a x c", "baru satu", "baru dua"]


def test_what_was_typed_as_markup_stays_text():
    before, after = edition((1, text("<p>a</p>"))), edition((1, text("<p>&lt;script&gt;</p>")))

    (section,) = changes(before, after)

    assert section.paragraphs[0] == ((GONE, "a"), (ADDED, "<script>"))


def test_a_sentence_added_at_the_end_touches_no_word_before_it():
    (paragraph,) = compare(["Satu dua."], ["Satu dua. Tiga."])
    assert paragraph == ((SAME, "Satu dua."), (ADDED, " Tiga."))


def test_a_store_that_keeps_no_order_of_keys_changes_nothing():
    proof = {"label": "Lembar jejak", "strength": "kuat", "kind": "lain"}
    turned = dict(reversed(proof.items()))

    def around(value):
        return edition((1, [{"type": "proof", "value": value, "id": "b2"}]))

    assert changes(around(proof), around(turned)) == []
